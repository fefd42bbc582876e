// What Value's handles point into. Only value.cc and value_io.cc include this.
#pragma once

#include <deque>
#include <memory_resource>
#include <unordered_map>
#include <vector>

#include "sofa/wire/hessian/value.h"

namespace sofa::hessian {

struct Value::Node {
  Kind kind;
  bool variable = false;
  std::uint32_t shape = 0;  // into the graph's shapes
  std::vector<Item> items;  // elements; keys and values in turn; field values
};

struct Value::Graph {
  /// Class of objects, or type of lists and maps (without fields). Shared by nodes until one of them changes it.
  struct Shape {
    std::string name;
    std::vector<std::string> fields;
    std::uint32_t users = 0;
  };

  std::vector<Node> nodes;
  std::deque<Shape> shapes;
  std::unordered_map<std::string_view, std::uint32_t> types;  // shapes of lists and maps, by name
  std::pmr::monotonic_buffer_resource texts;

  Item text(Kind kind, std::string_view from) {
    Item item(kind, 0);
    item.text = "";
    if (!from.empty()) {
      auto* const copy = static_cast<char*>(texts.allocate(from.size(), 1));
      std::memcpy(copy, from.data(), from.size());
      item.text = copy;
    }
    item.size = static_cast<std::uint32_t>(from.size());
    return item;
  }
  std::uint32_t type_shape(std::string_view name) {
    if (const auto it = types.find(name); it != types.end()) return it->second;
    const std::uint32_t shape = new_shape(name);
    types.emplace(shapes[shape].name, shape);
    return shape;
  }
  std::uint32_t new_shape(std::string_view name) {
    shapes.push_back({std::string(name), {}, 0});
    return static_cast<std::uint32_t>(shapes.size() - 1);
  }
  Item add(Kind kind, std::uint32_t shape) {
    ++shapes[shape].users;
    nodes.push_back({kind, false, shape, {}});
    return {kind, static_cast<std::int64_t>(nodes.size() - 1)};
  }
};

}  // namespace sofa::hessian
