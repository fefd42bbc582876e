// MethodOptions: what a method has of its own among the methods of its service.
#pragma once

#include <cstdint>
#include <optional>

namespace sofa {

struct MethodOptions {
  /// Calls under way at once, besides the service's own limit; one more is answered SERVER_BUSY. 0: no limit of its
  /// own.
  std::uint32_t max_concurrent = 0;
  /// Of calls that bring none; nothing: the service's.
  std::optional<std::int32_t> priority = {};
};

}  // namespace sofa
