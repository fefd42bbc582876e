// What the balancers have in common, and who makes them. Private to Balancer.
#pragma once

#include <algorithm>
#include <memory>

#include "sofa/rpc/cluster/balancer.h"

namespace sofa::rpc {

/// How many unlucky looks a balancer takes before it goes through all candidates once.
inline constexpr int kLooks = 8;

inline bool is_free(std::span<const Candidate> candidates, const Choice& choice, std::size_t index) {
  return candidates[index].available &&
         std::ranges::find(choice.tried, static_cast<std::uint32_t>(index)) == choice.tried.end();
}

/// A number below `end`, as likely as any other.
inline std::uint64_t below(std::uint64_t random, std::uint64_t end) {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(random) * end) >> 64);
}

/// One choice may need several numbers: a SplitMix64 sequence out of its one.
inline std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t mixed = state += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

std::unique_ptr<Balancer> make_random();
std::unique_ptr<Balancer> make_local_pref();
std::unique_ptr<Balancer> make_least_active();
std::unique_ptr<Balancer> make_peak_ewma();
std::unique_ptr<Balancer> make_round_robin();
std::unique_ptr<Balancer> make_weight_round_robin();
std::unique_ptr<Balancer> make_consistent_hash();
std::unique_ptr<Balancer> make_weight_consistent_hash();

}  // namespace sofa::rpc
