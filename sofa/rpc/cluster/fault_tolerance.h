// FaultTolerance: takes providers that fail, or are slow, out of the way for a while. SOFARPC's single-machine fault
// tolerance with its parameters and names, with defaults that help. Pure: counts in, verdicts out.
//
//   FaultTolerance regulator(options);
//   every options.time_window:                                       // with what happened in it, all shards together
//     for (const Verdict& verdict : regulator.regulate(now, windows)) apply(verdict.provider, verdict.weight_percent);
//
// A provider is abnormal when its rate of failures (timeouts, busy, lost connections), or its mean latency, is a
// multiple of the average of those that do better, and more than chance explains. Only where at least half of a
// service's providers do better: else it is the service that fails. (SOFARPC compares with the average of all, which
// one of fewer providers than the multiple can never exceed.) It is degraded: its weight falls by `weight_degrade_rate`
// each window, down to `degrade_least_weight`; at most `eject_share` of a service's providers are degraded at a time,
// the worst ones; when too few are left, some get their weight back. One that behaves again, or of which nothing is
// seen, gets its weight back by `weight_recover_rate` each window; never before its ejection ends. Source of the
// parameters: SOFARPC 5.13 FaultToleranceConfig, ServiceHorizontalMeasureStrategy, WeightDegradeStrategy,
// WeightRecoverStrategy.
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/env.h"

namespace sofa::rpc {

struct FaultToleranceOptions {
  // SOFARPC's, with its defaults except for the two switches.
  bool regulation_effective = true;  // false there
  bool degrade_effective = true;     // false there, and then verdicts change no weights: they are for the log
  io::Duration time_window = std::chrono::seconds(10);
  std::uint64_t least_call_count = 100;   // of the service in a window: fewer say nothing
  std::uint64_t least_window_count = 10;  // of the provider
  double least_window_exception_rate_multiple = 6;
  double weight_degrade_rate = 0.05;
  std::uint32_t degrade_least_weight = 1;  // of a provider's usual weight, 100
  double weight_recover_rate = 2;
  std::uint32_t degrade_max_ip_count = 2;  // of a service at a time
  // Ours.
  /// The least share of failures that makes a provider abnormal: a multiple of nearly nothing means nothing.
  double least_exception_rate = 0.02;
  /// A provider whose mean latency is such a multiple is abnormal too; 0: never.
  double latency_multiple = 4;
  /// Differences below this are nobody's concern.
  io::Duration least_latency = std::chrono::milliseconds(5);
  /// At most this share of a service's providers is degraded at a time, but one may be when there are two; 0: none.
  double eject_share = 0.34;
  /// How long a degraded provider stays so at the least; twice as long each time it relapses, up to the longest. One
  /// that was well for as long as the longest starts anew.
  io::Duration ejection = std::chrono::seconds(20);
  io::Duration longest_ejection = std::chrono::minutes(5);
};

/// What happened at one provider of one service in a window, all shards together.
struct ProviderWindow {
  std::string_view provider;  // its url's address: the identity over list changes
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  io::Duration latency_sum{0};  // of the calls that were answered
  std::uint64_t answered = 0;
};

struct Verdict {
  std::string provider;
  /// Of its own weight; 100: as good as the others.
  double weight_percent = 100;
  /// Why, for the log: "12 of 80 calls failed, 6 times the service's average".
  std::string why;
};

class FaultTolerance {
 public:
  explicit FaultTolerance(FaultToleranceOptions options = {});

  /// The verdicts that changed. Providers that are not among `windows` any more are forgotten after six windows.
  std::vector<Verdict> regulate(io::TimePoint now, std::span<const ProviderWindow> windows);

  const FaultToleranceOptions& options() const { return options_; }

 private:
  struct Known {
    double weight_percent = 100;
    io::TimePoint ejected_until{};
    io::Duration ejection{0};
    std::uint32_t unseen_windows = 0;

    bool is_degraded() const { return weight_percent < 100; }
  };
  struct Suspect {
    std::string_view provider;
    std::string why;
  };

  std::vector<Suspect> find_suspects(std::span<const ProviderWindow> windows) const;
  static bool is_among(std::span<const Suspect> suspects, std::string_view provider);
  double least_calls(const ProviderWindow& window) const;
  void recover(io::TimePoint now, std::span<const ProviderWindow> windows, std::span<const Suspect> suspects);
  void degrade(io::TimePoint now, const Suspect& suspect, std::size_t most);
  void keep_enough(std::size_t most);
  std::size_t most_degraded(std::size_t providers) const;
  std::size_t degraded() const;
  void set_weight(std::string_view provider, Known& known, double percent, std::string_view why);

  const FaultToleranceOptions options_;
  std::map<std::string, Known, std::less<>> known_;  // those that were degraded
  std::vector<Verdict> verdicts_;                    // of this window
};

}  // namespace sofa::rpc
