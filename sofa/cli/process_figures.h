// What the figures of a process say between two looks at it: `sofa top`'s rows.
//
//   SOFA_TRY(ProcessTotals before, read_totals(metrics_text));
//   …
//   const ProcessRates rates = rates_between(before, now, 1s);
//   print(to_table(rates, 20)); print(to_json(rates));
//
// Pure. Errors: the text is no scrape, or one of a process that is not ours.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/io/env.h"

namespace sofa::cli {

struct ProcessTotals {
  using Method = std::tuple<std::string, std::string, std::string>;  // side, service, name
  struct Calls {
    std::map<std::string, double> outcomes;
    std::map<double, double> buckets;  // calls of at most so many seconds
    double in_flight = 0;
  };
  using Values = std::map<std::string, double>;
  std::map<Method, Calls> methods;
  std::map<std::string, Values> shards;  // by number, values by figure
  std::map<std::string, Values> pools;   // by name
  Values rest;                           // figures without labels
  std::string version;
};
Result<ProcessTotals> read_totals(std::string_view metrics);

struct MethodRates {
  std::string side = {}, service = {}, method = {};
  double calls_per_s = 0;
  double errors_per_s = 0;  // whatever did not end well
  std::map<std::string, double> failures_per_s = {};
  std::optional<double> p50_s = {}, p99_s = {};  // nothing where nothing ended
  double in_flight = 0;
  double calls = 0;  // since the start
};
struct ShardRates {
  std::string shard;
  double connections = 0, in_bytes_per_s = 0, out_bytes_per_s = 0, turns_per_s = 0, timers = 0;
};
struct PoolRates {
  std::string pool;
  double threads = 0, queued = 0, rejected_per_s = 0;
};
struct ProcessRates {
  double seconds = 0;
  std::string version;
  double started = 0;                     // since 1970; 0: unknown
  std::vector<MethodRates> methods = {};  // busiest first
  std::vector<ShardRates> shards = {};
  std::vector<PoolRates> pools = {};
};
/// A figure that went back was counted anew: the process was started again.
ProcessRates rates_between(const ProcessTotals& before, const ProcessTotals& now, io::Duration passed);

/// At most `rows` methods; says how many more there are.
std::string to_table(const ProcessRates& rates, std::size_t rows);
/// The members of a JSON object, without its braces.
std::string to_json_members(const ProcessRates& rates);

}  // namespace sofa::cli
