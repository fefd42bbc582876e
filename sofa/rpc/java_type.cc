#include "sofa/rpc/java_type.h"

#include <array>
#include <utility>

namespace sofa::rpc {
namespace {

/// An array type's element and its depth, in either spelling.
struct Parts {
  std::string_view element;
  std::size_t depth = 0;
  bool operator==(const Parts&) const = default;
};

constexpr std::array<std::pair<char, std::string_view>, 8> kPrimitives{{{'Z', "boolean"},
                                                                        {'B', "byte"},
                                                                        {'C', "char"},
                                                                        {'S', "short"},
                                                                        {'I', "int"},
                                                                        {'J', "long"},
                                                                        {'F', "float"},
                                                                        {'D', "double"}}};

Parts parts_of(std::string_view name) {
  Parts parts{name};
  while (parts.element.ends_with("[]")) {
    parts.element.remove_suffix(2);
    ++parts.depth;
  }
  if (parts.depth > 0 || !name.starts_with('[')) return parts;
  while (parts.element.starts_with('[')) {
    parts.element.remove_prefix(1);
    ++parts.depth;
  }
  if (parts.element.size() > 1 && parts.element.front() == 'L' && parts.element.back() == ';') {
    parts.element = parts.element.substr(1, parts.element.size() - 2);
  } else if (parts.element.size() == 1) {
    for (const auto& [letter, primitive] : kPrimitives) {
      if (letter == parts.element.front()) parts.element = primitive;
    }
  }
  return parts;
}

}  // namespace

bool same_java_type(std::string_view a, std::string_view b) {
  if (a == b) return true;
  if (!a.starts_with('[') && !a.ends_with(']')) return false;
  const Parts parts = parts_of(a);
  return !parts.element.empty() && parts == parts_of(b);
}

}  // namespace sofa::rpc
