// The balancers that send a key's calls to one provider: consistentHash, weightConsistentHash.
#include "sofa/rpc/cluster/balancer_kinds.h"
#include "sofa/rpc/cluster/hash_ring.h"

namespace sofa::rpc {
namespace {

// As SOFARPC's: 128 places for each provider, or 32 for each unit of its weight.
constexpr std::uint32_t kDigests = 32;
constexpr std::uint32_t kDigestsPerWeight = 8;
// What rings may hold: 1300 providers of weight 100. For more, or heavier ones, all weights count less.
constexpr std::uint64_t kMostDigests = std::uint64_t{1} << 20;
// Refusals after which it is worth asking whether anybody is there at all.
constexpr std::size_t kLooksOnRing = 64;

HashRing::Node node_of(const Candidate& candidate, std::uint32_t digests) {
  const io::Address& address = candidate.provider->address;
  return {address.host + std::to_string(address.port), digests};
}

/// One of the free ones, the same for the same key.
template <class Accept>
std::size_t choose_off_ring(std::span<const Candidate> candidates, std::uint32_t place, Accept&& accept) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) count += accept(i);
  if (count == 0) return kNobody;
  std::size_t left = place % count;
  for (std::size_t i = 0;; ++i) {
    if (accept(i) && left-- == 0) return i;
  }
}

/// Like SOFARPC's, it knows no weights, not even 0: keys shall be where they are for consumers of other languages.
class ConsistentHashBalancer final : public Balancer {
 public:
  bool needs_key() const override { return true; }
  bool knows_weights() const override { return false; }
  void rebuild(std::span<const Candidate> candidates) override {
    std::vector<HashRing::Node> nodes;
    for (const Candidate& candidate : candidates) nodes.push_back(node_of(candidate, kDigests));
    ring_.rebuild(std::move(nodes));
  }
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    const auto accept = [&](std::uint32_t node, std::uint32_t) { return is_free(candidates, choice, node); };
    const std::uint32_t place = HashRing::place_of(choice.key);
    std::uint32_t node = ring_.find(place, kLooksOnRing, accept);
    if (node == HashRing::kNone) node = ring_.find(place, ring_.size(), accept);
    return node == HashRing::kNone ? kNobody : node;
  }

 private:
  HashRing ring_;
};

/// The ring is made for the providers' own weights; one that warms up or is degraded has only the first of its places,
/// so that a weight that changes costs nothing.
class WeightConsistentHashBalancer final : public Balancer {
 public:
  bool needs_key() const override { return true; }
  void rebuild(std::span<const Candidate> candidates) override {
    std::uint64_t digests = 0;
    for (const Candidate& candidate : candidates) digests += kDigestsPerWeight * std::uint64_t{own_weight(candidate)};
    shift_ = 0;
    while (digests >> shift_ > kMostDigests) ++shift_;
    std::vector<HashRing::Node> nodes;
    for (const Candidate& candidate : candidates) {
      nodes.push_back(node_of(candidate, digests_of(own_weight(candidate))));
    }
    ring_.rebuild(std::move(nodes));
  }
  std::size_t choose(std::span<const Candidate> candidates, const Choice& choice) override {
    const std::uint32_t place = HashRing::place_of(choice.key);
    const auto accept = [&](std::uint32_t node, std::uint32_t digest) {
      return digest < digests_of(candidates[node].weight) && is_free(candidates, choice, node);
    };
    std::uint32_t node = ring_.find(place, kLooksOnRing, accept);
    if (node != HashRing::kNone) return node;
    node = ring_.find(place, ring_.size(), accept);
    if (node != HashRing::kNone) return node;
    return choose_off_ring(candidates, place, [&](std::size_t i) { return is_free(candidates, choice, i); });
  }

 private:
  static std::uint32_t own_weight(const Candidate& candidate) {
    return std::max(candidate.weight, candidate.provider->weight);
  }
  std::uint32_t digests_of(std::uint32_t weight) const {
    if (weight == 0) return 0;
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(kDigestsPerWeight * std::uint64_t{weight} >> shift_, 1));
  }

  HashRing ring_;
  int shift_ = 0;
};

}  // namespace

std::unique_ptr<Balancer> make_consistent_hash() {
  return std::make_unique<ConsistentHashBalancer>();
}
std::unique_ptr<Balancer> make_weight_consistent_hash() {
  return std::make_unique<WeightConsistentHashBalancer>();
}

}  // namespace sofa::rpc
