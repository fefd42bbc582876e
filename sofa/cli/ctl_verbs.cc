#include "sofa/cli/ctl_verbs.h"

#include <climits>
#include <cstdlib>

#include <fmt/format.h>

#include "sofa/cli/admin_client.h"
#include "sofa/cli/application_host.h"
#include "sofa/cli/command.h"
#include "sofa/cli/ctl_view.h"
#include "sofa/cli/release.h"
#include "sofa/wire/http/target.h"

namespace sofa::cli {
namespace {

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

int ask(const CtlOptions& options, std::string_view method, const std::string& target, CtlView view,
        std::string_view body = {}) {
  const std::string socket = options.socket.empty() ? ctl_socket_of(options.app) : options.socket;
  AdminClient client({.address = {.host = socket, .port = 0, .is_unix = true}}, kPatience);
  const Result<AdminAnswer> answer = client.ask(method, target, body);
  if (!answer) {
    const Error why(answer.error().part(), answer.error().code(),
                    fmt::format("nobody answers at {}: does it run there (`ctl` in its file, or --socket, --app)? {}",
                                socket, answer.error().message()));
    return report(why, options.json, kTransport);
  }
  return print_answer(*answer, options.json, view);
}

int list(const CtlOptions& options) {
  return ask(options, "GET", target_of("", {}), CtlView::kModules);
}

int inspect(const CtlOptions& options) {
  const std::string target = target_of("", {{"name", options.name}, {"version", options.version}});
  return ask(options, "GET", target, CtlView::kEachModule);
}

int install(const CtlOptions& options) {
  char path[PATH_MAX];
  Query query{{"file", realpath(options.file.c_str(), path) ? path : options.file.c_str()}};
  if (!options.isolation.empty()) query.emplace_back("isolation", options.isolation);
  for (const std::string& setting : options.settings) {
    const std::size_t equals = setting.find('=');
    query.emplace_back(setting.substr(0, equals), equals == std::string::npos ? "" : setting.substr(equals + 1));
  }
  return ask(options, "POST", target_of("/install", query), CtlView::kModule);
}

int change(const CtlOptions& options, std::string_view path, CtlView view) {
  Query query{{"name", options.name}};
  if (!options.version.empty()) query.emplace_back("version", options.version);
  return ask(options, "POST", target_of(path, query), view);
}

int try_out(const CtlOptions& options) {
  Query query{{"name", options.name}, {"version", options.version}};
  if (!options.percent.empty()) query.emplace_back("percent", options.percent);
  if (!options.callers.empty()) query.emplace_back("callers", options.callers);
  return ask(options, "POST", target_of("/trial", query), CtlView::kModules);
}

int apply(const CtlOptions& options) {
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

int startup(const CtlOptions& options) {
  if (!options.html) return ask(options, "GET", "/startup", CtlView::kStartup);
  CtlOptions as_it_is = options;
  as_it_is.json = true;
  return ask(as_it_is, "GET", "/startup.html", CtlView::kStartup);
}

constexpr CtlVerb kModuleVerbs[] = {
    {"list", "all modules with their states", CtlVerb::kNothing, list},
    {"inspect", "what became of a module, step by step", CtlVerb::kOptionalVersion, inspect},
    {"install", "load, start and check another version, beside what is there", CtlVerb::kFile, install},
    {"apply", "carry out a plan: versions in batches, watched, and back where calls fail", CtlVerb::kPlan, apply},
    {"check", "ask a module whether it is healthy", CtlVerb::kOptionalVersion,
     [](const CtlOptions& options) { return change(options, "/check", CtlView::kHealthy); }},
    {"trial", "send some calls to a version in standby; without --percent and --callers: end that", CtlVerb::kTrial,
     try_out},
    {"switch", "make a version in standby the active one", CtlVerb::kVersion,
     [](const CtlOptions& options) { return change(options, "/switch", CtlView::kModules); }},
    {"rollback", "make the version active that was before", CtlVerb::kName,
     [](const CtlOptions& options) { return change(options, "/rollback", CtlView::kModules); }},
    {"uninstall", "stop a version and take it out of memory", CtlVerb::kVersion,
     [](const CtlOptions& options) { return change(options, "/uninstall", CtlView::kPins); }},
};

template <const char* path, CtlView view>
int show(const CtlOptions& options) {
  return ask(options, "GET", path, view);
}

int log_level(const CtlOptions& options) {
  return ask(options, options.level.empty() ? "GET" : "PUT", "/loglevel", CtlView::kText, options.level);
}

constexpr char kServices[] = "/services", kExtensions[] = "/extensions", kShards[] = "/shards", kConfig[] = "/config",
               kVersion[] = "/version", kReadiness[] = "/readiness", kFigures[] = "/figures";

constexpr CtlVerb kProcessVerbs[] = {
    {"readiness", "whether all modules serve; exit code 1 where one does not", CtlVerb::kNothing,
     show<kReadiness, CtlView::kFields>},
    {"services", "which module serves what, and the calls under way", CtlVerb::kNothing,
     show<kServices, CtlView::kTable>},
    {"extensions", "what modules contribute to one another, in order", CtlVerb::kNothing,
     show<kExtensions, CtlView::kTable>},
    {"figures", "calls over bindings, and how many of them failed", CtlVerb::kNothing,
     show<kFigures, CtlView::kFields>},
    {"shards", "what the threads that serve connections do", CtlVerb::kNothing, show<kShards, CtlView::kTable>},
    {"config", "what the application's file came to", CtlVerb::kNothing, show<kConfig, CtlView::kFields>},
    {"version", "of the program, and what modules must be built with", CtlVerb::kNothing,
     show<kVersion, CtlView::kFields>},
    {"loglevel", "see the log level, or change it", CtlVerb::kLevel, log_level},
    {"startup", "how the application came up: module, step, when and how long", CtlVerb::kPage, startup},
};

}  // namespace

std::span<const CtlVerb> module_verbs() {
  return kModuleVerbs;
}

std::span<const CtlVerb> process_verbs() {
  return kProcessVerbs;
}

}  // namespace sofa::cli
