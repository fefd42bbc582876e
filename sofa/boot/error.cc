#include "sofa/boot/error.h"

#include <array>

namespace sofa::boot {
namespace {

std::string_view code_name(int code) {
  static constexpr std::array<std::string_view, 11> kNames{"?",          "file",   "incompatible", "manifest",
                                                           "unresolved", "failed", "timeout",      "state",
                                                           "unknown",    "pinned", "crashed"};
  return code > 0 && code < static_cast<int>(kNames.size()) ? kNames[static_cast<std::size_t>(code)] : kNames[0];
}

}  // namespace

const ErrorPart& error_part(BootError) {
  static constexpr ErrorPart kPart{"boot", code_name};
  return kPart;
}

}  // namespace sofa::boot
