// sofa: the one binary.
#include <iterator>

#include "sofa/cli/command.h"

namespace {

struct Entry {
  const char* name;
  const char* summary;
  sofa::cli::Setup setup;
};

constexpr Entry kCommands[] = {
    {"decode", "show what bytes say, as JSON", &sofa::cli::setup_decode},
    {"roundtrip", "decode bytes, encode them again, compare", &sofa::cli::setup_roundtrip},
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("sofa: SOFAStack in C++. Every subcommand has --help with examples.", "sofa");
  app.set_version_flag("--version", "sofa 0.1.0");
  app.require_subcommand(1);
  std::function<int()> commands[std::size(kCommands)];
  CLI::App* parsed[std::size(kCommands)];
  for (std::size_t i = 0; i < std::size(kCommands); ++i) {
    parsed[i] = app.add_subcommand(kCommands[i].name, kCommands[i].summary);
    commands[i] = kCommands[i].setup(*parsed[i]);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? sofa::cli::kDone : sofa::cli::kUsage;
  }
  for (std::size_t i = 0; i < std::size(kCommands); ++i) {
    if (parsed[i]->parsed()) return commands[i]();
  }
  return sofa::cli::kUsage;
}
