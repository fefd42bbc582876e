// A YAML document as a tree, read under limits: what config walks. One document; no anchors, aliases or tags, so
// nothing in it can expand; UTF-8 only; duplicate keys are kept, for the reader to refuse with their line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sofa::yaml {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 50'000;

enum class Kind { kNull, kScalar, kList, kMap };

struct Node {
  Kind kind = Kind::kNull;
  int line = 0;  // from 1
  bool quoted = false;
  std::string text;                               // scalars
  std::vector<Node> items;                        // lists, and the values of maps
  std::vector<std::pair<std::string, int>> keys;  // maps: key and line of items[i]
};

/// Why a text is no document; `too_large` where it is a limit that it broke.
struct Failure {
  int line = 0;
  std::string message;
  bool too_large = false;
};

/// Reads `text` into `root`. False, and `failure`, where that cannot be.
bool parse(std::string_view text, Node& root, Failure& failure);

}  // namespace sofa::yaml
