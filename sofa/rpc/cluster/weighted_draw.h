// WeightedDraw: draws a candidate by chance, each as often as its weight says.
//
//   draw.rebuild(candidates, everybody);                       // indices of those that take part
//   std::size_t index = draw.draw(candidates, choice, random); // kNobody when none of them is free
//
// A draw is a binary search, or one index where all weights are the same. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "sofa/rpc/cluster/balancer.h"

namespace sofa::rpc {

class WeightedDraw {
 public:
  void rebuild(std::span<const Candidate> candidates);
  /// Of some of the candidates only.
  void rebuild(std::span<const Candidate> candidates, std::vector<std::uint32_t> members);

  std::size_t draw(std::span<const Candidate> candidates, const Choice& choice, std::uint64_t& random) const;
  /// The same, but gives up after a few unlucky looks; never `except`.
  std::size_t try_draw(std::span<const Candidate> candidates, const Choice& choice, std::uint64_t& random,
                       std::size_t except) const;

 private:
  std::size_t draw_of_the_free(std::span<const Candidate> candidates, const Choice& choice, std::uint64_t random) const;

  std::vector<std::uint32_t> members_;
  std::vector<std::uint64_t> sums_;  // of the weights up to and with each member's
  bool is_even_ = true;
};

}  // namespace sofa::rpc
