// HashRing: providers on a circle of 2^32 places, each at as many as it has digests, times four. A key goes to the
// first one clockwise, so that a provider that comes or goes moves only the keys that are, or were, its own.
//
//   ring.rebuild({{"10.0.0.712200", 32}, …});                        // what did not change is not computed again
//   ring.find(HashRing::place_of(key), [](std::uint32_t node, std::uint32_t digest) { return is_free(node); });
//
// A node of fewer digests has the first ones of one with more: who accepts only these sees that ring. One thread.
// Source: SOFARPC 5.13 ConsistentHashLoadBalancer, HashUtils: MD5 of host, port and the digest's number as text, four
// little endian numbers each; where two nodes have the same place, the later one has it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sofa::rpc {

class HashRing {
 public:
  struct Node {
    std::string name;
    std::uint32_t digests = 0;
    bool operator==(const Node&) const = default;
  };
  static constexpr std::size_t kPointsPerDigest = 4;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void rebuild(std::vector<Node> nodes);
  static std::uint32_t place_of(std::string_view key);

  /// The node of the first place at or behind `place` that `accept(node, digest)` takes; kNone after `looks` refusals.
  template <class Accept>
  std::uint32_t find(std::uint32_t place, std::size_t looks, Accept&& accept) const {
    if (points_.empty()) return kNone;
    auto point = std::ranges::lower_bound(points_, place, {}, &Point::place);
    for (std::size_t look = 0; look < std::min(looks, points_.size()); ++look, ++point) {
      if (point == points_.end()) point = points_.begin();
      if (accept(point->node, point->digest)) return point->node;
    }
    return kNone;
  }
  std::size_t size() const { return points_.size(); }

 private:
  struct Point {
    std::uint32_t place;
    std::uint32_t node;
    std::uint32_t digest;
  };
  static bool is_before(const Point& one, const Point& other) {
    return one.place != other.place ? one.place < other.place : one.node > other.node;
  }
  void keep(const std::vector<std::uint32_t>& index_of_old);
  static void append_points(const Node& node, std::uint32_t index, std::vector<Point>& points);

  std::vector<Node> nodes_;
  std::vector<Point> points_;  // in their order on the circle
};

}  // namespace sofa::rpc
