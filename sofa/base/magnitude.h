// Arithmetic on magnitudes, the inside of BigInteger: little-endian 32-bit words without leading zeros. School methods
// throughout: numbers from outside have at most some thousand words, money has one or two.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sofa::magnitude {

using Words = std::vector<std::uint32_t>;
using View = std::span<const std::uint32_t>;

/// Drops leading zero words.
void trim(Words& words);
/// < 0, 0 or > 0.
int compare(View a, View b) noexcept;
Words add(View a, View b);
/// a - b, for a >= b.
Words subtract(View a, View b);
Words multiply(View a, View b);
/// words = words * factor + addend, in place.
void multiply_add(Words& words, std::uint32_t factor, std::uint32_t addend);
/// words = words / divisor in place; gives the remainder. The divisor is not 0.
std::uint32_t divide_small(Words& words, std::uint32_t divisor);

struct Division {
  Words quotient;
  Words remainder;
};
/// The divisor is not 0.
Division divide(View dividend, View divisor);

}  // namespace sofa::magnitude
