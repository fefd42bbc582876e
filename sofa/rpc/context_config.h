// The application file: what `sofa serve` runs, as YAML, and the ContextConfig in it.
//
//   application: bank              # the program's own: which application to run
//   app: bank                      # everything else is the Context's
//   listen: [bolt://127.0.0.1:12200]
//   references:
//     dev.sofa.bank.EchoService: {url: bolt://10.0.0.7:12200, timeout_ms: 500}
//   log: {level: warn}
//
//   SOFA_TRY(auto file, load_application(text, "bank.yaml"));
//   Context context(env, std::move(file.context));
//
// Errors: config::ConfigError, all problems at once, each with file, line and path. For start-up only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/chrono.h"
#include "sofa/base/error.h"
#include "sofa/base/log_setup.h"
#include "sofa/rpc/context.h"

namespace sofa::rpc {

/// Of a module's own process; 0: none.
struct ProcessLimits {
  std::uint32_t memory_mb = 0;
  std::uint32_t cpu_percent = 0;
};

/// A module of the application, as the file says it; sofa/boot runs it.
struct ApplicationModule {
  std::string file;                             // beside the application's file unless it begins with /
  bool elsewhere = false;                       // it runs in another process: references say where its services are
  std::string isolation;                        // shared or process; empty: as its module.yaml says
  std::optional<ProcessLimits> limits;          // nothing: as its module.yaml says
  std::map<std::string, std::string> settings;  // for its own keys
  std::optional<log::Config> log;               // nothing: it logs to the process's
  PartConfig part;
};

/// How modules come and go.
struct ModuleLife {
  std::chrono::milliseconds start_timeout{60'000};
  std::chrono::milliseconds stop_timeout{10'000};
  std::chrono::milliseconds drain_timeout{30'000};
  std::chrono::milliseconds check_timeout{5'000};
  std::chrono::milliseconds check_interval{500};
  std::uint32_t checks = 20;
  bool best_effort = false;
};

struct ApplicationFile {
  std::string application;
  std::vector<std::string> profiles;
  std::map<std::string, ApplicationModule> modules;
  ModuleLife module_life;
  std::string ctl;
  std::string ctl_http;
  ContextConfig context;
  log::Config log;
};

/// Every problem of `text`; where there are none, `into` is complete. `file` is what the problems call the text.
std::vector<config::Problem> read_application(std::string_view text, std::string_view file, ApplicationFile& into);
/// The same for those who need no list.
Result<ApplicationFile> load_application(std::string_view text, std::string_view file);

/// The keys of an application file, for the documentation.
const config::Schema& application_schema();

}  // namespace sofa::rpc
