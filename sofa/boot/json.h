// The few pieces of JSON that this part writes.
#pragma once

#include <string>
#include <string_view>

#include "sofa/base/json_text.h"

namespace sofa::boot {

inline std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// `write` gives each element's text.
template <class Range, class Write>
std::string json_list(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& each : range) {
    if (out.size() > 1) out += ',';
    out += write(each);
  }
  return out + "]";
}

}  // namespace sofa::boot
