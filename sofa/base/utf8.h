// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace sofa {

/// Bytes of the character at the start of `text`, which is not empty; 0 where there is none.
std::size_t utf8_length(std::string_view text);
/// True when `text` is characters to its end.
bool is_utf8(std::string_view text);

}  // namespace sofa
