// Bytes: the names that the product uses for raw memory.
//
// BytesView is what decoders read (never owned, valid as long as its buffer); Bytes is an owned block (Java's byte[]).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace sofa {

using Bytes = std::vector<std::uint8_t>;
using BytesView = std::span<const std::uint8_t>;

inline BytesView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace sofa
