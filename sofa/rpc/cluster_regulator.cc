#include "sofa/rpc/cluster_regulator.h"

#include <algorithm>
#include <vector>

#include "sofa/base/log.h"
#include "sofa/io/shard.h"

namespace sofa::rpc {
namespace {

/// What happened at a provider since the last window.
ProviderWindow window_of(const std::string& address, ProviderRecord& record) {
  std::uint64_t calls = 0, failures = 0, answered = 0, latency_us = 0;
  for (const auto& stripe : record.by_shard) {
    calls += stripe.calls.value();
    failures += stripe.failures.value();
    answered += stripe.answered.value();
    latency_us += stripe.latency_us.value();
  }
  const ProviderWindow window{.provider = address,
                              .calls = calls - record.calls,
                              .failures = failures - record.failures,
                              .latency_sum = std::chrono::microseconds(latency_us - record.latency_us),
                              .answered = answered - record.answered};
  record.calls = calls;
  record.failures = failures;
  record.answered = answered;
  record.latency_us = latency_us;
  return window;
}

}  // namespace

ClusterRegulator::ClusterRegulator(io::Shard& shard, std::shared_ptr<ClusterState> state)
    : shard_(shard),
      state_(std::move(state)),
      fault_tolerance_(state_->options.fault_tolerance),
      window_([](void* self) noexcept { static_cast<ClusterRegulator*>(self)->regulate(); }, this) {}

ClusterRegulator::~ClusterRegulator() {
  if (window_.armed()) shard_.timers().cancel(window_);  // else the shard may be gone
}

void ClusterRegulator::start() {
  shard_.timers().arm(window_, shard_.now() + fault_tolerance_.options().time_window);
}

void ClusterRegulator::close() {
  shard_.timers().cancel(window_);
}

void ClusterRegulator::regulate() {
  std::vector<Verdict> verdicts;
  {
    const std::lock_guard lock(state_->mutex);
    state_->forget_departed(/*and_degraded=*/true);
    std::vector<ProviderWindow> windows;
    for (const auto& [address, record] : state_->records) windows.push_back(window_of(address, *record));
    verdicts = fault_tolerance_.regulate(shard_.now(), windows);
    for (const Verdict& verdict : verdicts) {
      const auto found = state_->records.find(verdict.provider);
      if (found == state_->records.end()) continue;
      const double permille = std::clamp(verdict.weight_percent * 10, 1.0, 1000.0);
      found->second->weight_permille.store(static_cast<std::uint32_t>(permille), std::memory_order_relaxed);
    }
  }
  if (!verdicts.empty()) state_->weights_version.fetch_add(1, std::memory_order_release);
  for (const Verdict& verdict : verdicts) {
    log::warn("{}: provider {} gets {:.0f} % of its weight: {}", state_->target.service, verdict.provider,
              verdict.weight_percent, verdict.why);
  }
  start();
}

}  // namespace sofa::rpc
