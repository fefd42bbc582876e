// md5: a digest to place things by, as Java peers do it (consistent hashing); no protection against anybody.
//
//   const Md5 digest = md5("10.0.0.7:12200");
//
// Allocates nothing. Any thread. Source: RFC 1321.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sofa {

using Md5 = std::array<std::uint8_t, 16>;

Md5 md5(std::string_view text);

}  // namespace sofa
