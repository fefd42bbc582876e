#include "sofa/rpc/cluster/fault_tolerance.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/mutant.h"

namespace sofa::rpc {
namespace {

constexpr std::uint32_t kForgottenAfter = 6;  // windows
constexpr double kLeastPercent = 0.1;
// How far above the expected number of failures is no chance any more, in its standard deviations, and one failure
// more.
constexpr double kDeviations = 4;

/// What is compared between providers: failures of calls, or microseconds of answers. Less is better.
struct Measure {
  const ProviderWindow* window;
  double sum;
  double count;
  double mean() const { return sum / count; }
};

/// For each measure the mean over all better ones, where those are at least half; sorts by badness, the best first.
std::vector<std::optional<double>> mean_of_better(std::vector<Measure>& measures) {
  std::ranges::sort(measures, [](const Measure& one, const Measure& other) {
    return std::pair(one.mean(), one.window->provider) < std::pair(other.mean(), other.window->provider);
  });
  std::vector<std::optional<double>> means(measures.size());
  double sum = 0, count = 0;
  std::size_t better = 0;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    for (; better < i && measures[better].mean() < measures[i].mean(); ++better) {
      sum += measures[better].sum;
      count += measures[better].count;
    }
    if (better > 0 && 2 * better >= measures.size()) means[i] = sum / count;
  }
  return means;
}

double microseconds(io::Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

}  // namespace

FaultTolerance::FaultTolerance(FaultToleranceOptions options) : options_(options) {}

std::vector<Verdict> FaultTolerance::regulate(io::TimePoint now, std::span<const ProviderWindow> windows) {
  if (!options_.regulation_effective) return {};
  const std::vector<Suspect> suspects = find_suspects(windows);
  const std::size_t most = most_degraded(windows.size());
  recover(now, windows, suspects);
  for (const Suspect& suspect : suspects) degrade(now, suspect, most);
  keep_enough(most);
  return std::exchange(verdicts_, {});
}

/// Calls below which a provider's window says nothing: a degraded one gets fewer.
double FaultTolerance::least_calls(const ProviderWindow& window) const {
  const auto known = known_.find(window.provider);
  const double share = known == known_.end() ? 1 : known->second.weight_percent / 100;
  return std::max(static_cast<double>(options_.least_window_count) * share, 1.0);
}

bool FaultTolerance::is_among(std::span<const Suspect> suspects, std::string_view provider) {
  return std::ranges::find(suspects, provider, &Suspect::provider) != suspects.end();
}

/// The abnormal ones, the worst first: those that fail before those that are slow.
std::vector<FaultTolerance::Suspect> FaultTolerance::find_suspects(std::span<const ProviderWindow> windows) const {
  std::uint64_t calls = 0;
  std::vector<Measure> failures, latencies;
  for (const ProviderWindow& window : windows) {
    calls += window.calls;
    const double least = least_calls(window);
    if (static_cast<double>(window.calls) >= least) {
      failures.push_back({&window, static_cast<double>(window.failures), static_cast<double>(window.calls)});
    }
    if (static_cast<double>(window.answered) >= least) {
      latencies.push_back({&window, microseconds(window.latency_sum), static_cast<double>(window.answered)});
    }
  }
  std::vector<Suspect> suspects;
  if (calls < options_.least_call_count) return suspects;

  const auto usual_rates = mean_of_better(failures);
  for (std::size_t i = failures.size(); i-- > 0;) {
    const Measure& measure = failures[i];
    if (!usual_rates[i] || measure.mean() < *usual_rates[i] * options_.least_window_exception_rate_multiple) continue;
    const double expected = measure.count * std::max(*usual_rates[i], options_.least_exception_rate);
    if (measure.sum < expected + kDeviations * std::sqrt(expected) + 1) continue;
    suspects.push_back({measure.window->provider, fmt::format("{} of {} calls failed, {:.2f} % at those that do better",
                                                              measure.sum, measure.count, 100 * *usual_rates[i])});
  }
  if (options_.latency_multiple <= 0) return suspects;
  const auto usual_latencies = mean_of_better(latencies);
  for (std::size_t i = latencies.size(); i-- > 0;) {
    const Measure& measure = latencies[i];
    const bool is_failing = is_among(suspects, measure.window->provider);
    if (is_failing || !usual_latencies[i]) continue;
    if (measure.mean() < *usual_latencies[i] * options_.latency_multiple) continue;
    if (measure.mean() - *usual_latencies[i] < microseconds(options_.least_latency)) continue;
    suspects.push_back(
        {measure.window->provider, fmt::format("answers take {:.1f} ms, {:.1f} ms at those that do better",
                                               measure.mean() / 1000, *usual_latencies[i] / 1000)});
  }
  return suspects;
}

void FaultTolerance::recover(io::TimePoint now, std::span<const ProviderWindow> windows,
                             std::span<const Suspect> suspects) {
  for (auto& [provider, known] : known_) ++known.unseen_windows;
  for (const ProviderWindow& window : windows) {
    const auto found = known_.find(window.provider);
    if (found == known_.end() || found->second.unseen_windows == 0) continue;
    Known& known = found->second;
    const bool was_away = std::exchange(known.unseen_windows, 0) > 1;
    if (!known.is_degraded()) continue;
    const bool is_over = now >= known.ejected_until || SOFA_MUTANT("returns-before-ejection-ends");
    const double recovered = known.weight_percent * options_.weight_recover_rate;
    if (is_over && recovered > known.weight_percent && !is_among(suspects, window.provider)) {
      set_weight(window.provider, known, recovered, "its ejection is over, and nothing is held against it");
    } else if (was_away) {
      set_weight(window.provider, known, known.weight_percent, "it was degraded when it left");
    }
  }
  std::erase_if(known_, [&](const auto& entry) {
    const Known& known = entry.second;
    const bool was_long_well = !known.is_degraded() && now >= known.ejected_until + options_.longest_ejection;
    return was_long_well || known.unseen_windows > kForgottenAfter;
  });
}

void FaultTolerance::degrade(io::TimePoint now, const Suspect& suspect, std::size_t most) {
  if (!options_.degrade_effective) {
    verdicts_.push_back({std::string(suspect.provider), 100, suspect.why + "; degrading is switched off"});
    return;
  }
  const auto found = known_.find(suspect.provider);
  const bool is_degraded = found != known_.end() && found->second.is_degraded();
  if (!is_degraded && degraded() >= most) return;
  Known& known = found != known_.end() ? found->second : known_[std::string(suspect.provider)];
  if (!is_degraded || now >= known.ejected_until) {
    const bool is_first = known.ejection == io::Duration{0};
    known.ejection = is_first ? options_.ejection : std::min(2 * known.ejection, options_.longest_ejection);
    known.ejected_until = now + known.ejection;
  }
  const double least = std::clamp<double>(options_.degrade_least_weight, kLeastPercent, 100);
  const double percent = std::max(known.weight_percent * options_.weight_degrade_rate, least);
  if (percent < known.weight_percent) set_weight(suspect.provider, known, percent, suspect.why);
}

/// The list may have got shorter: too few in full service are worse than a bad one. The first to be judged comes back.
void FaultTolerance::keep_enough(std::size_t most) {
  while (degraded() > most) {
    auto first = known_.end();
    for (auto it = known_.begin(); it != known_.end(); ++it) {
      if (!it->second.is_degraded() || it->second.unseen_windows > 0) continue;
      if (first == known_.end() || it->second.ejected_until < first->second.ejected_until) first = it;
    }
    set_weight(first->first, first->second, 100, "too few providers are left to do without it");
  }
}

std::size_t FaultTolerance::most_degraded(std::size_t providers) const {
  if (SOFA_MUTANT("everybody-ejected")) return providers;
  if (providers < 2 || !(options_.eject_share > 0)) return 0;
  const auto share = static_cast<std::size_t>(static_cast<double>(providers) * std::min(options_.eject_share, 1.0));
  return std::min({std::max<std::size_t>(share, 1), providers - 1, std::size_t{options_.degrade_max_ip_count}});
}

std::size_t FaultTolerance::degraded() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      known_, [](const auto& entry) { return entry.second.is_degraded() && entry.second.unseen_windows == 0; }));
}

void FaultTolerance::set_weight(std::string_view provider, Known& known, double percent, std::string_view why) {
  known.weight_percent = std::min(percent, 100.0);
  verdicts_.push_back({std::string(provider), known.weight_percent, std::string(why)});
}

}  // namespace sofa::rpc
