#include "sofa/rpc/cluster/weighted_draw.h"

#include <algorithm>
#include <numeric>

#include "sofa/rpc/cluster/balancer_kinds.h"

namespace sofa::rpc {

void WeightedDraw::rebuild(std::span<const Candidate> candidates) {
  std::vector<std::uint32_t> everybody(candidates.size());
  std::iota(everybody.begin(), everybody.end(), 0);
  rebuild(candidates, std::move(everybody));
}

void WeightedDraw::rebuild(std::span<const Candidate> candidates, std::vector<std::uint32_t> members) {
  members_ = std::move(members);
  sums_.clear();
  is_even_ = true;
  std::uint64_t sum = 0;
  for (const std::uint32_t member : members_) {
    sums_.push_back(sum += candidates[member].weight);
    is_even_ &= candidates[member].weight == candidates[members_.front()].weight;
  }
}

std::size_t WeightedDraw::try_draw(std::span<const Candidate> candidates, const Choice& choice, std::uint64_t& random,
                                   std::size_t except) const {
  if (members_.empty()) return kNobody;
  for (int look = 0; look < kLooks; ++look) {
    const std::uint64_t drawn = next_random(random);
    const std::size_t at =
        is_even_
            ? below(drawn, members_.size())
            : static_cast<std::size_t>(std::ranges::upper_bound(sums_, below(drawn, sums_.back())) - sums_.begin());
    const std::size_t index = members_[at];
    if (index != except && is_free(candidates, choice, index)) return index;
  }
  return kNobody;
}

std::size_t WeightedDraw::draw(std::span<const Candidate> candidates, const Choice& choice,
                               std::uint64_t& random) const {
  const std::size_t index = try_draw(candidates, choice, random, kNobody);
  return index != kNobody ? index : draw_of_the_free(candidates, choice, next_random(random));
}

std::size_t WeightedDraw::draw_of_the_free(std::span<const Candidate> candidates, const Choice& choice,
                                           std::uint64_t random) const {
  std::uint64_t weights = 0, count = 0;
  for (const std::uint32_t member : members_) {
    if (!is_free(candidates, choice, member)) continue;
    weights += candidates[member].weight;
    ++count;
  }
  if (count == 0) return kNobody;
  std::uint64_t left = below(random, weights > 0 ? weights : count);
  for (const std::uint32_t member : members_) {
    if (!is_free(candidates, choice, member)) continue;
    const std::uint64_t share = weights > 0 ? candidates[member].weight : 1;
    if (left < share) return member;
    left -= share;
  }
  return kNobody;
}

}  // namespace sofa::rpc
