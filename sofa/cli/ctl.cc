// sofa ctl: operates a running process over its unix socket.
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <simdjson.h>

#include "sofa/cli/admin_client.h"
#include "sofa/cli/application_host.h"
#include "sofa/cli/command.h"
#include "sofa/cli/release.h"
#include "sofa/rpc/context_config.h"
#include "sofa/wire/http/target.h"

namespace sofa::cli {
namespace {

struct Options {
  std::string socket;
  std::string app;
  bool json = false;
  bool html = false;
  std::string name;
  std::string version;
  std::string file;
  std::vector<std::string> settings;
  std::string percent;
  std::string callers;
};

// A module may take its time to start, and its calls to end.
constexpr io::Duration kPatience = std::chrono::minutes(10);

using Query = std::vector<std::pair<std::string, std::string>>;

std::string target_of(std::string_view path, const Query& query) {
  std::string target = fmt::format("/modules{}", path);
  char separator = '?';
  for (const auto& [key, value] : query) {
    target += fmt::format("{}{}={}", separator, http::percent_encode(key), http::percent_encode(value));
    separator = '&';
  }
  return target;
}

std::string_view text_of(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  (void)object[key].get(text);
  return text;
}

void print_modules(const simdjson::dom::element& modules) {
  fmt::print("{:<20} {:<10} {:<10} {:>8}  {}\n", "MODULE", "VERSION", "STATE", "START", "SERVICES");
  for (const simdjson::dom::element module : modules.get_array()) {
    double took = 0;
    for (const simdjson::dom::element step : module["steps"].get_array()) {
      if (text_of(step, "step") == "start") took = step["ms"].get_double().value();
    }
    std::string services;
    for (const simdjson::dom::element service : module["services"].get_array()) {
      services += fmt::format("{}{}", services.empty() ? "" : " ", text_of(service, "service"));
    }
    fmt::print("{:<20} {:<10} {:<10} {:>5.1f} ms  {}\n", text_of(module, "name"), text_of(module, "version"),
               text_of(module, "state"), took, services);
  }
}

/// A state's log, and what went wrong, of one module.
void print_module(const simdjson::dom::element& module) {
  fmt::print("{} {}: {}\n", text_of(module, "name"), text_of(module, "version"), text_of(module, "state"));
  for (const simdjson::dom::element entry : module["log"].get_array()) {
    fmt::print("  {}  {:<10} {}\n", text_of(entry, "at"), text_of(entry, "state"), text_of(entry, "why"));
  }
  for (const simdjson::dom::element step : module["steps"].get_array()) {
    fmt::print("  {:<8} {:.3f} ms\n", text_of(step, "step"), step["ms"].get_double().value());
  }
}

int print_answer(const AdminAnswer& answer, const Options& options, void (*print)(const simdjson::dom::element&)) {
  const bool is_good = answer.status == 200;
  simdjson::dom::parser parser;
  simdjson::dom::element read;
  const bool is_json = parser.parse(answer.text).get(read) == simdjson::SUCCESS;
  if (options.json || !is_json) {
    fmt::print("{}", answer.text);
  } else if (!is_good) {
    fmt::print(stderr, "{}\n", text_of(read, "error"));
  } else {
    print(read);
  }
  return is_good ? kDone : kNo;
}

void print_pins(const simdjson::dom::element& answer) {
  if (answer["unloaded"].get_bool().value()) return fmt::print("unloaded: nothing of it is left in memory\n");
  fmt::print("taken out, but kept in memory by:\n");
  for (const simdjson::dom::element pin : answer["pins"].get_array()) fmt::print("  {}\n", pin.get_string().value());
}

void print_healthy(const simdjson::dom::element&) {
  fmt::print("healthy\n");
}

int ask(const Options& options, std::string_view method, const std::string& target,
        void (*print)(const simdjson::dom::element&)) {
  const std::string socket = options.socket.empty() ? ctl_socket_of(options.app) : options.socket;
  AdminClient client({.address = {.host = socket, .port = 0, .is_unix = true}}, kPatience);
  const Result<AdminAnswer> answer = client.ask(method, target);
  if (!answer) {
    const Error why(answer.error().part(), answer.error().code(),
                    fmt::format("nobody answers at {}: does it run there (`ctl` in its file, or --socket, --app)? {}",
                                socket, answer.error().message()));
    return report(why, options.json, kTransport);
  }
  return print_answer(*answer, options, print);
}

int list(const Options& options) {
  return ask(options, "GET", target_of("", {}), print_modules);
}

int inspect(const Options& options) {
  const auto print = [](const simdjson::dom::element& modules) {
    for (const simdjson::dom::element module : modules.get_array()) print_module(module);
  };
  return ask(options, "GET", target_of("", {{"name", options.name}, {"version", options.version}}), print);
}

int install(const Options& options) {
  char path[PATH_MAX];
  Query query{{"file", realpath(options.file.c_str(), path) ? path : options.file.c_str()}};
  for (const std::string& setting : options.settings) {
    const std::size_t equals = setting.find('=');
    query.emplace_back(setting.substr(0, equals), equals == std::string::npos ? "" : setting.substr(equals + 1));
  }
  return ask(options, "POST", target_of("/install", query), print_module);
}

int change(const Options& options, std::string_view path, void (*print)(const simdjson::dom::element&)) {
  Query query{{"name", options.name}};
  if (!options.version.empty()) query.emplace_back("version", options.version);
  return ask(options, "POST", target_of(path, query), print);
}

int try_out(const Options& options) {
  Query query{{"name", options.name}, {"version", options.version}};
  if (!options.percent.empty()) query.emplace_back("percent", options.percent);
  if (!options.callers.empty()) query.emplace_back("callers", options.callers);
  return ask(options, "POST", target_of("/trial", query), print_modules);
}

int apply(const Options& options) {
  const std::string socket = options.socket.empty() ? ctl_socket_of(options.app) : options.socket;
  AdminClient client({.address = {.host = socket, .port = 0, .is_unix = true}}, kPatience);
  const auto carry_out = [&]() -> Result<void> {
    SOFA_TRY(const Bytes text, read_input(options.file));
    SOFA_TRY(ReleasePlan plan, load_release_plan(as_text(text), options.file));
    const std::size_t slash = options.file.rfind('/');
    return Release(client, std::move(plan), slash == std::string::npos ? "." : options.file.substr(0, slash)).run();
  };
  const Result<void> done = carry_out();
  return done ? static_cast<int>(kDone) : report(done.error(), options.json, kNo);
}

void print_startup(const simdjson::dom::element& steps) {
  fmt::print("{:<20} {:<10} {:<8} {:>10} {:>10}\n", "MODULE", "VERSION", "STEP", "AT MS", "MS");
  for (const simdjson::dom::element step : steps.get_array()) {
    fmt::print("{:<20} {:<10} {:<8} {:>10.3f} {:>10.3f}\n", text_of(step, "module"), text_of(step, "version"),
               text_of(step, "step"), step["at_ms"].get_double().value(), step["ms"].get_double().value());
  }
}

int startup(const Options& options) {
  if (!options.html) return ask(options, "GET", "/startup", print_startup);
  Options as_it_is = options;
  as_it_is.json = true;
  return ask(as_it_is, "GET", "/startup.html", print_startup);
}

struct Verb {
  const char* name;
  const char* what;
  enum { kNothing, kName, kVersion, kOptionalVersion, kFile, kPlan, kTrial } takes;
  int (*run)(const Options& options);
};

constexpr Verb kVerbs[] = {
    {"list", "all modules with their states", Verb::kNothing, list},
    {"inspect", "what became of a module, step by step", Verb::kOptionalVersion, inspect},
    {"install", "load, start and check another version, beside what is there", Verb::kFile, install},
    {"apply", "carry out a plan: versions in batches, watched, and back where calls fail", Verb::kPlan, apply},
    {"check", "ask a module whether it is healthy", Verb::kOptionalVersion,
     [](const Options& options) { return change(options, "/check", print_healthy); }},
    {"trial", "send some calls to a version in standby; without --percent and --callers: end that", Verb::kTrial,
     try_out},
    {"switch", "make a version in standby the active one", Verb::kVersion,
     [](const Options& options) { return change(options, "/switch", print_modules); }},
    {"rollback", "make the version active that was before", Verb::kName,
     [](const Options& options) { return change(options, "/rollback", print_modules); }},
    {"uninstall", "stop a version and take it out of memory", Verb::kVersion,
     [](const Options& options) { return change(options, "/uninstall", print_pins); }},
};

}  // namespace

std::function<int()> setup_ctl(CLI::App& command) {
  command.footer(
      "Examples:\n"
      "  sofa ctl module list\n"
      "  sofa ctl module install build/accounts-2.so --set limit=500\n"
      "  sofa ctl module apply plan.yaml\n"
      "  sofa ctl module trial accounts 2.0.0 --percent 5\n"
      "  sofa ctl module switch accounts 2.0.0\n"
      "  sofa ctl module rollback accounts\n"
      "  sofa ctl module uninstall accounts 1.0.0\n"
      "  sofa ctl --app bank --json module list\n"
      "  sofa ctl startup --html > startup.html");
  auto options = std::make_shared<Options>();
  command.add_option("--socket", options->socket, "the process's unix socket, where its file says another");
  command.add_option("--app", options->app, "the process's `app`")->capture_default_str();
  command.add_flag("--json", options->json, "as the process says it");
  options->app = "bank";
  command.require_subcommand(1);
  CLI::App& module = *command.add_subcommand("module", "the modules of a running application");
  module.require_subcommand(1);
  auto chosen = std::make_shared<const Verb*>(nullptr);
  for (const Verb& verb : kVerbs) {
    CLI::App& sub = *module.add_subcommand(verb.name, verb.what);
    sub.callback([chosen, &verb] { *chosen = &verb; });
    if (verb.takes == Verb::kFile) {
      sub.add_option("FILE", options->file, "its shared object")->required();
      sub.add_option("--set", options->settings, "KEY=VALUE of its settings; may be given again")
          ->allow_extra_args(false);
    }
    if (verb.takes == Verb::kPlan) {
      sub.add_option("PLAN", options->file, "a file with `batches` of modules; docs/guides has one")->required();
    }
    if (verb.takes != Verb::kNothing && verb.takes != Verb::kFile && verb.takes != Verb::kPlan) {
      sub.add_option("NAME", options->name, "of the module")->required();
    }
    if (verb.takes == Verb::kOptionalVersion) sub.add_option("VERSION", options->version, "of the module");
    if (verb.takes == Verb::kVersion || verb.takes == Verb::kTrial) {
      sub.add_option("VERSION", options->version, "of the module")->required();
    }
    if (verb.takes == Verb::kTrial) {
      sub.add_option("--percent", options->percent, "of the calls, such as 2.5");
      sub.add_option("--callers", options->callers,
                     "applications and modules, between commas, all of whose calls go there");
    }
  }
  CLI::App& start = *command.add_subcommand("startup", "how the application came up: module, step, when and how long");
  start.add_flag("--html", options->html, "as a page that reads well, to be kept in a file");
  static constexpr Verb kStartup{"startup", "", Verb::kNothing, startup};
  start.callback([chosen] { *chosen = &kStartup; });
  return [options, chosen] { return (*chosen)->run(*options); };
}

}  // namespace sofa::cli
