// sofa config: checks application files and prints what may stand in them.
#include "sofa/base/config.h"

#include <cstdio>

#include <fmt/format.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/application.h"
#include "sofa/cli/command.h"
#include "sofa/rpc/context_config.h"

namespace sofa::cli {
namespace {

std::string as_json(const std::vector<config::Problem>& problems) {
  std::string out = fmt::format(R"({{"ok":{},"problems":[)", problems.empty());
  for (const config::Problem& problem : problems) {
    if (out.back() != '[') out += ',';
    out += "{\"file\":";
    append_json_string(out, problem.file);
    out += fmt::format(R"(,"line":{},"path":)", problem.line);
    append_json_string(out, problem.path);
    out += ",\"message\":";
    append_json_string(out, problem.message);
    out += '}';
  }
  return out + "]}";
}

int check(const std::string& path, bool json) {
  const auto bytes = read_input(path);
  if (!bytes) return report(bytes.error(), json, kUsage);
  rpc::ApplicationFile file;
  auto problems = rpc::read_application({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, path, file);
  if (problems.empty()) {
    if (auto known = find_application(file.application); !known) {
      problems.push_back({config::ConfigError::kOutOfRange, path, 0, "application", known.error().message()});
    }
  }
  if (json) {
    fmt::print("{}\n", as_json(problems));
  } else if (problems.empty()) {
    fmt::print("{}: ok\n", path);
  } else {
    for (const config::Problem& problem : problems) fmt::print(stderr, "{}\n", problem.to_string());
  }
  return problems.empty() ? kDone : kNo;
}

}  // namespace

std::function<int()> setup_config(CLI::App& command) {
  command.require_subcommand(1);
  command.footer(
      "Examples:\n"
      "  sofa config check examples/bank/bank.yaml\n"
      "  sofa config check app.yaml --json\n"
      "  sofa config docs > configuration.md");
  struct Options {
    std::string file;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* checking = command.add_subcommand("check", "say what is wrong with an application file");
  checking->footer(
      "Exit code 1 when something is; every problem has its file, line and path.\n\nExamples:\n"
      "  sofa config check examples/bank/bank.yaml\n"
      "  sofa config check - --json < app.yaml");
  checking->add_option("FILE", options->file, "a YAML file, or - for standard input")->required();
  checking->add_flag("--json", options->json, "the verdict as JSON");
  CLI::App* documenting = command.add_subcommand("docs", "print every key of an application file, as a Markdown table");
  documenting->footer("Example:\n  sofa config docs > configuration.md");
  return [options, checking] {
    if (checking->parsed()) return check(options->file, options->json);
    fmt::print("{}", config::to_markdown(rpc::application_schema()));
    return +kDone;
  };
}

}  // namespace sofa::cli
