// Text on the wire and in memory.
//
// On the wire (facts of the dialect): every UTF-16 unit alone in 1 to 3 UTF-8 style bytes, so a character beyond U+FFFF
// is two 3-byte surrogates (CESU-8), and lengths count units. In memory: true UTF-8 in std::string; a surrogate that
// has no partner keeps its 3-byte form (WTF-8), so that it comes back unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sofa::hessian::text {

struct Scan {
  const std::uint8_t* end;  ///< behind the last unit; null where the bytes end early or are no units
  bool utf8;                ///< the bytes are true UTF-8 as they stand: no surrogates, no overlong forms
};

/// Whether the `size` bytes at `begin`, of `available` that may be looked at, are ASCII.
inline bool is_ascii(const std::uint8_t* begin, std::size_t size, std::size_t available) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  const auto load = [](const std::uint8_t* p) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
  };
  std::uint64_t high = 0;
  if (size >= 8) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) high |= load(begin + i);
    high |= load(begin + size - 8);
  } else if (available >= 8) {
    high = size == 0 ? 0 : load(begin) << (64 - 8 * size);  // little-endian: the first bytes are the low ones
  } else {
    for (std::size_t i = 0; i < size; ++i) high |= begin[i];
  }
  return (high & kHighBits) == 0;
}

Scan scan_beyond_ascii(const std::uint8_t* begin, const std::uint8_t* end, std::size_t units);

/// Walks `units` UTF-16 units of wire text.
inline Scan scan(const std::uint8_t* begin, const std::uint8_t* end, std::size_t units) {
  const auto available = static_cast<std::size_t>(end - begin);
  if (units <= available && is_ascii(begin, units, available)) [[likely]]
    return {begin + units, true};
  return scan_beyond_ascii(begin, end, units);
}

/// Appends wire text that `scan` accepted, joining surrogate pairs (also one whose first half `out` already ends with).
void append(std::string& out, const std::uint8_t* begin, const std::uint8_t* end);

/// Length of a run of ASCII at the front.
std::size_t ascii_prefix(const std::uint8_t* begin, std::size_t size);

struct Measure {
  std::size_t units;  ///< UTF-16 units
  bool valid;         ///< (W)UTF-8 without defects
};
Measure measure(std::string_view utf8);

/// The same text with every defective byte replaced by U+FFFD.
std::string repaired(std::string_view utf8);

/// Bytes of the longest prefix of valid text that Java's writer would put into one chunk of `units`: it never ends in a
/// high surrogate. `taken` receives its units.
std::size_t chunk(std::string_view utf8, std::size_t units, std::size_t& taken);

/// Size and code point of the sequence at the front of valid text.
struct CodePoint {
  std::uint32_t value;
  std::uint32_t size;
};
CodePoint decode(const std::uint8_t* p);

/// Appends one code point (a lone surrogate included) as (W)UTF-8.
void append_code_point(std::string& out, std::uint32_t code_point);

}  // namespace sofa::hessian::text
