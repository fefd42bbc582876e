// The balancers that take turns: roundRobin, weightRoundRobin. Each starts where chance puts it: many clients that
// start together shall not all begin with the same provider.
#include "sofa/rpc/cluster/balancer_kinds.h"

namespace sofa::rpc {
namespace {

class RoundRobinBalancer final : public Balancer {
 public:
  bool knows_weights() const override { return false; }
  void rebuild(std::span<const Candidate>) override {}
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    const std::size_t count = candidates.size();
    if (count == 0) return kNobody;
    if (next_ == kNobody) next_ = below(choice.random, count);
    std::size_t weightless = kNobody;
    for (std::size_t step = 0, index = next_ % count; step < count; ++step, index = index + 1 < count ? index + 1 : 0) {
      if (!is_free(candidates, choice, index)) continue;
      if (candidates[index].weight > 0) return take(index);
      if (weightless == kNobody) weightless = index;
    }
    return weightless == kNobody ? kNobody : take(weightless);
  }

 private:
  /// The turn goes on behind the one that was chosen, so that those who stand in for the absent are no fixed few.
  std::size_t take(std::size_t index) {
    next_ = index + 1;
    return index;
  }

  std::size_t next_ = kNobody;
};

/// Each is due again after a time in inverse proportion to its weight; the call goes to the one that is due first. So
/// turns are spread evenly (SOFARPC's come in runs), and a heap finds the next.
class WeightRoundRobinBalancer final : public Balancer {
 public:
  void rebuild(std::span<const Candidate> candidates) override {
    turns_.clear();
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
      if (candidates[i].weight > 0) turns_.push_back({0, kUnit / candidates[i].weight, i});
    }
    is_started_ = false;
  }

  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    if (!is_started_) start(choice.random);
    // Who cannot take its turn loses it.
    for (int look = 0; look < kLooks && !turns_.empty(); ++look) {
      const std::size_t index = turns_.front().index;
      advance(0);
      if (is_free(candidates, choice, index)) return index;
    }
    std::size_t first = kNobody;
    for (std::size_t at = 0; at < turns_.size(); ++at) {
      if (!is_free(candidates, choice, turns_[at].index)) continue;
      if (first == kNobody || is_before(turns_[at], turns_[first])) first = at;
    }
    if (first == kNobody) return weightless_.choose(candidates, choice);
    return take_late(first);
  }

 private:
  struct Turn {
    std::uint64_t due;
    std::uint64_t interval;
    std::uint32_t index;
  };
  /// Of time: the interval of weight 1.
  static constexpr std::uint64_t kUnit = std::uint64_t{1} << 48;

  /// Times go round after 2^64; they never lie further apart than one interval.
  static bool is_before(const Turn& one, const Turn& other) {
    const auto apart = static_cast<std::int64_t>(one.due - other.due);
    return apart != 0 ? apart < 0 : one.index < other.index;
  }

  void start(std::uint64_t random) {
    for (Turn& turn : turns_) turn.due = below(next_random(random), turn.interval);
    make_heap();
    is_started_ = true;
  }
  /// Takes a turn before those of others that were due earlier; they have lost them, and do not catch up.
  std::size_t take_late(std::size_t at) {
    const std::size_t index = turns_[at].index;
    const std::uint64_t now = turns_[at].due;
    turns_[at].due += turns_[at].interval;
    for (Turn& turn : turns_) {
      if (static_cast<std::int64_t>(turn.due - now) < 0) turn.due = now;
    }
    make_heap();
    return index;
  }
  void make_heap() {
    for (std::size_t at = turns_.size() / 2; at-- > 0;) sink(at);
  }
  void advance(std::size_t at) {
    turns_[at].due += turns_[at].interval;
    sink(at);
  }
  void sink(std::size_t at) {
    const Turn turn = turns_[at];
    for (std::size_t child; (child = 2 * at + 1) < turns_.size(); at = child) {
      if (child + 1 < turns_.size() && is_before(turns_[child + 1], turns_[child])) ++child;
      if (!is_before(turns_[child], turn)) break;
      turns_[at] = turns_[child];
    }
    turns_[at] = turn;
  }

  std::vector<Turn> turns_;  // a heap
  bool is_started_ = false;
  RoundRobinBalancer weightless_;
};

}  // namespace

std::unique_ptr<Balancer> make_round_robin() {
  return std::make_unique<RoundRobinBalancer>();
}
std::unique_ptr<Balancer> make_weight_round_robin() {
  return std::make_unique<WeightRoundRobinBalancer>();
}

}  // namespace sofa::rpc
