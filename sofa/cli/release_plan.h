// ReleasePlan: many modules released one batch after the other, with a look at how callers fare in between.
//
//   pause_ms: 5000                    # after each batch, in which callers are watched
//   stop_on: {error_percent: 1, p99_ms: 50}    # of the calls since the batch began: then all batches are rolled back
//   batches:
//     - [{file: accounts-2.0.0.so}]
//     - [{file: transfers-2.0.0.so, config: {points_per_transfer: 2}}]
//
//   SOFA_TRY(ReleasePlan plan, load_release_plan(text, "plan.yaml"));
//
// Errors: config::ConfigError, all problems at once. For start-up only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/chrono.h"
#include "sofa/base/error.h"

namespace sofa::cli {

struct ReleasePlan {
  struct Module {
    std::string file;
    std::map<std::string, std::string> config;
  };
  struct StopOn {
    double error_percent = 1;
    double p99_ms = 0;  // 0: whatever it is
    std::uint64_t least_calls = 100;
  };
  std::chrono::milliseconds pause{5000};
  StopOn stop_on;
  std::vector<std::vector<Module>> batches;
};

Result<ReleasePlan> load_release_plan(std::string_view text, std::string_view file);

}  // namespace sofa::cli
