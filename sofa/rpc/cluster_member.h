// ClusterShard::Member: one provider on one shard. Private to ClusterShard.
#pragma once

#include "sofa/io/shard.h"
#include "sofa/rpc/cluster_shard.h"

namespace sofa::rpc {

struct ClusterShard::Member {
  Provider provider;
  std::string text;      // its address
  std::uint32_t id = 0;  // never used again on this shard
  std::size_t index = kNobody;
  std::shared_ptr<Remote> remote;
  std::shared_ptr<ProviderRecord> record;
  PeakEwma ewma;
  std::uint32_t in_flight = 0;
  std::uint32_t warm_weight = 0;
  io::TimePoint warm_until{};
  bool is_local = false;

  /// What makes it the same provider in another list.
  static std::string key_of(const Provider& provider) {
    return provider.protocol + "://" + provider.address.to_string();
  }
  std::string key() const { return key_of(provider); }

  void update(const Provider& newer, io::Env& env) {
    provider = newer;
    const WarmUp warm_up = warm_up_of(newer);
    const std::int64_t left_ms = warm_up.wall_end_ms - env.clock.wall().time_since_epoch().count();
    // A start time of far ahead is a clock that is wrong, not a day of warming up.
    constexpr std::int64_t kLongestMs = 24 * 3600 * 1000;
    warm_weight = warm_up.weight;
    warm_until = {};
    if (warm_up.wall_end_ms > 0 && left_ms > 0 && left_ms <= kLongestMs) {
      warm_until = env.clock.now() + std::chrono::milliseconds(left_ms);
    }
  }

  void count_answer(const io::Shard& shard, io::TimePoint started, bool is_oneway) {
    ProviderRecord::Stripe& stripe = record->by_shard[static_cast<std::size_t>(shard.index())];
    stripe.calls.add(1);
    if (is_oneway) return;
    const auto us = latency_us(shard, started);
    stripe.answered.add(1);
    stripe.latency_us.add(us);
    ewma.update(us, shard.now());
  }
  void count_trouble(const io::Shard& shard, io::TimePoint started) {
    ProviderRecord::Stripe& stripe = record->by_shard[static_cast<std::size_t>(shard.index())];
    stripe.calls.add(1);
    stripe.failures.add(1);
    // What ended at its deadline took at least so long; what failed at once must not look fast.
    ewma.update(std::max(latency_us(shard, started), kTroubleUs), shard.now());
  }

 private:
  static constexpr std::uint32_t kTroubleUs = 1'000'000;
  static std::uint32_t latency_us(const io::Shard& shard, io::TimePoint started) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(shard.now() - started).count();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
  }
};

}  // namespace sofa::rpc
