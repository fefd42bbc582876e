// JSON strings, for the tools that print what a peer sent: always valid JSON, whatever the bytes were.
#pragma once

#include <string>
#include <string_view>

namespace sofa {

/// Appends `text` to `out` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one for each.
void append_json_string(std::string& out, std::string_view text);

}  // namespace sofa
