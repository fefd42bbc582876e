// sofa: the one binary.
#include <iterator>
#include <string>
#include <vector>

#include "sofa/cli/command.h"
#include "sofa/registry/sofa_source.h"
#include "sofa/registry/zookeeper_source.h"

namespace {

struct Entry {
  const char* name;
  const char* summary;
  sofa::cli::Setup setup;
};

constexpr Entry kCommands[] = {
    {"serve", "run an application", &sofa::cli::setup_serve},
    {"registry", "run a registry, where services find each other", &sofa::cli::setup_registry},
    {"call", "call a service, print the answer as JSON", &sofa::cli::setup_call},
    {"bench", "load a service, print rate and latency", &sofa::cli::setup_bench},
    {"top", "watch what a running process does", &sofa::cli::setup_top},
    {"loglevel", "see or change a running process's log level", &sofa::cli::setup_loglevel},
    {"decode", "show what bytes say, as JSON", &sofa::cli::setup_decode},
    {"roundtrip", "decode bytes, encode them again, compare", &sofa::cli::setup_roundtrip},
    {"config", "check configuration files", &sofa::cli::setup_config},
    {"import", "write the C++ header of a Java facade", &sofa::cli::setup_import},
    {"ctl", "operate a running application", &sofa::cli::setup_ctl},
    {"new", "write the beginning of a project", &sofa::cli::setup_new},
    {"completion", "print a shell's completion of these commands", &sofa::cli::setup_completion},
};

/// CLI11 takes a negative number for an option and `[a,b]` for two values; both are JSON here. A blank before them,
/// which JSON passes over, keeps them whole.
std::vector<std::string> arguments(int argc, char** argv) {
  std::vector<std::string> all(argv, argv + argc);
  for (std::string& argument : all) {
    const bool negative = argument.size() > 1 && argument[0] == '-' && argument[1] >= '0' && argument[1] <= '9';
    if (negative || argument.starts_with('[')) argument.insert(0, " ");
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  sofa::registry::register_zookeeper();
  sofa::registry::register_sofa();
  CLI::App app("sofa: SOFAStack in C++. Every subcommand has --help with examples.", "sofa");
  app.set_version_flag("--version", "sofa " SOFA_VERSION);
  app.require_subcommand(1);
  std::function<int()> commands[std::size(kCommands)];
  CLI::App* parsed[std::size(kCommands)];
  for (std::size_t i = 0; i < std::size(kCommands); ++i) {
    parsed[i] = app.add_subcommand(kCommands[i].name, kCommands[i].summary);
    commands[i] = kCommands[i].setup(*parsed[i]);
  }
  try {
    std::vector<const char*> texts;
    texts.reserve(static_cast<std::size_t>(argc));
    const std::vector<std::string> given = arguments(argc, argv);
    for (const std::string& text : given) texts.push_back(text.c_str());
    app.parse(argc, texts.data());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? sofa::cli::kDone : sofa::cli::kUsage;
  }
  for (std::size_t i = 0; i < std::size(kCommands); ++i) {
    if (parsed[i]->parsed()) return commands[i]();
  }
  return sofa::cli::kUsage;
}
