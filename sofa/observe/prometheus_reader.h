// parse_prometheus: a scrape read back, for who looks at a process without a Prometheus at hand (`sofa top`).
//
//   SOFA_TRY(const auto samples, parse_prometheus(text));
//   for (const PrometheusSample& each : samples) if (each.name == "sofa_rpc_calls_total") …
//
// The text format 0.0.4: comments are passed over, time stamps too. The text is a stranger's: what is none of the
// format is refused with its line. Errors: ObserveError::kFormat. Threads: any. Source: Prometheus documentation,
// "Exposition formats", text format 0.0.4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sofa/base/error.h"

namespace sofa::observe {

struct PrometheusSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;

  /// Empty where there is no such label.
  std::string_view label(std::string_view key) const;
  bool operator==(const PrometheusSample&) const = default;
};

/// No more than kMostSamples, of kMostLabels labels each.
inline constexpr std::size_t kMostSamples = 1'000'000;
inline constexpr std::size_t kMostLabels = 64;
Result<std::vector<PrometheusSample>> parse_prometheus(std::string_view text);

}  // namespace sofa::observe
