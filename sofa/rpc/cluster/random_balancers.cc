// The balancers that draw by chance: random, localPref, leastActive, peakEwma.
#include "sofa/rpc/cluster/balancer_kinds.h"
#include "sofa/rpc/cluster/weighted_draw.h"

namespace sofa::rpc {
namespace {

class RandomBalancer final : public Balancer {
 public:
  void rebuild(std::span<const Candidate> candidates) override { draw_.rebuild(candidates); }
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    std::uint64_t random = choice.random;
    return draw_.draw(candidates, choice, random);
  }

 private:
  WeightedDraw draw_;
};

/// Among those on this machine; among all when none of them can take the call.
class LocalPrefBalancer final : public Balancer {
 public:
  void rebuild(std::span<const Candidate> candidates) override {
    std::vector<std::uint32_t> local;
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
      if (candidates[i].is_local && candidates[i].weight > 0) local.push_back(i);
    }
    local_.rebuild(candidates, std::move(local));
    all_.rebuild(candidates);
  }
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    std::uint64_t random = choice.random;
    const std::size_t index = local_.draw(candidates, choice, random);
    return index != kNobody ? index : all_.draw(candidates, choice, random);
  }

 private:
  WeightedDraw local_, all_;
};

/// Calls under way, measured by what a provider can take.
bool is_less_active(const Candidate& one, const Candidate& other) {
  return std::uint64_t{one.in_flight} * std::max(other.weight, 1u) <
         std::uint64_t{other.in_flight} * std::max(one.weight, 1u);
}

/// How long a call would take behind those under way. One of whom nothing is known is as fast as anybody.
bool is_faster(const Candidate& one, const Candidate& other) {
  if (one.latency_us == 0 || other.latency_us == 0) return is_less_active(one, other);
  return (std::uint64_t{one.in_flight} + 1) * one.latency_us < (std::uint64_t{other.in_flight} + 1) * other.latency_us;
}

/// The better one of two that are drawn by weight: nearly as good as the best of all, and a herd of clients that all
/// know the same best does not run there at once. A tie goes to the first, so that equals share by weight.
template <bool (*is_better)(const Candidate&, const Candidate&)>
class TwoChoices final : public Balancer {
 public:
  void rebuild(std::span<const Candidate> candidates) override { draw_.rebuild(candidates); }
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    std::uint64_t random = choice.random;
    const std::size_t first = draw_.draw(candidates, choice, random);
    if (first == kNobody) return kNobody;
    const std::size_t second = draw_.try_draw(candidates, choice, random, first);
    return second != kNobody && is_better(candidates[second], candidates[first]) ? second : first;
  }

 private:
  WeightedDraw draw_;
};

}  // namespace

std::unique_ptr<Balancer> make_random() {
  return std::make_unique<RandomBalancer>();
}
std::unique_ptr<Balancer> make_local_pref() {
  return std::make_unique<LocalPrefBalancer>();
}
std::unique_ptr<Balancer> make_least_active() {
  return std::make_unique<TwoChoices<is_less_active>>();
}
std::unique_ptr<Balancer> make_peak_ewma() {
  return std::make_unique<TwoChoices<is_faster>>();
}

}  // namespace sofa::rpc
