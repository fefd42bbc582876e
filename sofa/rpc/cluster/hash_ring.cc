#include "sofa/rpc/cluster/hash_ring.h"

#include <charconv>
#include <iterator>
#include <unordered_map>

#include "sofa/base/endian.h"
#include "sofa/base/md5.h"

namespace sofa::rpc {

std::uint32_t HashRing::place_of(std::string_view key) {
  return load_le<std::uint32_t>(md5(key).data());
}

void HashRing::rebuild(std::vector<Node> nodes) {
  if (nodes == nodes_) return;
  std::unordered_map<std::string_view, std::uint32_t> old;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) old.emplace(nodes_[i].name, i);
  std::vector<std::uint32_t> index_of_old(nodes_.size(), kNone);
  std::vector<Point> fresh;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const auto found = old.find(nodes[i].name);
    if (found != old.end() && nodes_[found->second].digests == nodes[i].digests) {
      index_of_old[found->second] = i;
      old.erase(found);
    } else {
      append_points(nodes[i], i, fresh);
    }
  }
  keep(index_of_old);
  std::ranges::sort(fresh, is_before);
  std::vector<Point> all;
  all.reserve(points_.size() + fresh.size());
  std::ranges::merge(points_, fresh, std::back_inserter(all), is_before);
  points_ = std::move(all);
  nodes_ = std::move(nodes);
}

void HashRing::keep(const std::vector<std::uint32_t>& index_of_old) {
  std::erase_if(points_, [&](const Point& point) { return index_of_old[point.node] == kNone; });
  for (Point& point : points_) point.node = index_of_old[point.node];
  // Who shares a place with another may stand on its other side now.
  if (!std::ranges::is_sorted(points_, is_before)) std::ranges::sort(points_, is_before);
}

void HashRing::append_points(const Node& node, std::uint32_t index, std::vector<Point>& points) {
  std::string text = node.name;
  for (std::uint32_t number = 0; number < node.digests; ++number) {
    char digits[10];
    text.resize(node.name.size());
    text.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
    const Md5 digest = md5(text);
    for (std::size_t i = 0; i < kPointsPerDigest; ++i) {
      points.push_back({load_le<std::uint32_t>(digest.data() + 4 * i), index, number});
    }
  }
}

}  // namespace sofa::rpc
