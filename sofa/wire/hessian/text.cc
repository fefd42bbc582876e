#include "sofa/wire/hessian/text.h"

#include <bit>
#include <cstring>

namespace sofa::hessian::text {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080U;

std::uint64_t load(const std::uint8_t* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}
bool continues(std::uint8_t b) {
  return (b & 0xc0) == 0x80;
}
bool high_surrogate(std::uint32_t c) {
  return c >= 0xd800 && c <= 0xdbff;
}
bool low_surrogate(std::uint32_t c) {
  return c >= 0xdc00 && c <= 0xdfff;
}

/// Size of the valid (W)UTF-8 sequence at p, or 0.
std::uint32_t valid_size(const std::uint8_t* p, const std::uint8_t* end) {
  const std::uint8_t lead = *p;
  if (lead < 0x80) return 1;
  const auto left = static_cast<std::size_t>(end - p);
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return left >= 2 && continues(p[1]) ? 2 : 0;
  if (lead < 0xf0) return left >= 3 && continues(p[1]) && continues(p[2]) && !(lead == 0xe0 && p[1] < 0xa0) ? 3 : 0;
  if (lead > 0xf4 || left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3])) return 0;
  return (lead == 0xf0 && p[1] < 0x90) || (lead == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

}  // namespace

std::size_t ascii_prefix(const std::uint8_t* begin, std::size_t size) {
  const std::uint8_t* p = begin;
  const std::uint8_t* const end = begin + size;
  while (end - p >= 32) {
    if ((load(p) | load(p + 8) | load(p + 16) | load(p + 24)) & kHighBits) break;
    p += 32;
  }
  while (end - p >= 8) {
    if (const std::uint64_t high = load(p) & kHighBits) {
      static_assert(std::endian::native == std::endian::little);
      return static_cast<std::size_t>(p - begin) + static_cast<std::size_t>(std::countr_zero(high)) / 8;
    }
    p += 8;
  }
  while (p != end && *p < 0x80) ++p;
  return static_cast<std::size_t>(p - begin);
}

Scan scan_beyond_ascii(const std::uint8_t* p, const std::uint8_t* end, std::size_t units) {
  bool utf8 = true;
  while (true) {
    const auto left = static_cast<std::size_t>(end - p);
    if (left < units) return {nullptr, false};
    const std::size_t ascii = ascii_prefix(p, units);
    p += ascii;
    units -= ascii;
    if (units == 0) return {p, utf8};
    do {
      const std::uint8_t lead = *p;
      if ((lead & 0xe0) == 0xc0) {
        if (end - p < 2 || !continues(p[1])) return {nullptr, false};
        utf8 &= lead >= 0xc2;
        p += 2;
      } else if ((lead & 0xf0) == 0xe0) {
        if (end - p < 3 || !continues(p[1]) || !continues(p[2])) return {nullptr, false};
        utf8 &= !(lead == 0xed && p[1] >= 0xa0) && !(lead == 0xe0 && p[1] < 0xa0);
        p += 3;
      } else {
        return {nullptr, false};
      }
    } while (--units != 0 && p != end && *p >= 0x80);
  }
}

void append_code_point(std::string& out, std::uint32_t c) {
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), tail(c)};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | c >> 12), tail(c >> 6), tail(c)};
  } else {
    out += {static_cast<char>(0xf0 | c >> 18), tail(c >> 12), tail(c >> 6), tail(c)};
  }
}

void append(std::string& out, const std::uint8_t* p, const std::uint8_t* end) {
  while (p != end) {
    if (const std::size_t ascii = ascii_prefix(p, static_cast<std::size_t>(end - p))) {
      out.append(reinterpret_cast<const char*>(p), ascii);
      p += ascii;
      continue;
    }
    if (*p < 0xe0) {
      append_code_point(out, (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU));
      p += 2;
      continue;
    }
    std::uint32_t unit = (p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);
    p += 3;
    if (low_surrogate(unit) && out.size() >= 3) {
      const auto* before = reinterpret_cast<const std::uint8_t*>(out.data()) + out.size() - 3;
      if (before[0] == 0xed && before[1] >= 0xa0 && before[1] < 0xb0) {
        const std::uint32_t high = 0xd000U | (before[1] & 0x3fU) << 6 | (before[2] & 0x3fU);
        out.resize(out.size() - 3);
        unit = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
      }
    }
    append_code_point(out, unit);
  }
}

CodePoint decode(const std::uint8_t* p) {
  if (*p < 0x80) return {*p, 1};
  if (*p < 0xe0) return {(p[0] & 0x1fU) << 6 | (p[1] & 0x3fU), 2};
  if (*p < 0xf0) return {(p[0] & 0x0fU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU), 3};
  return {(p[0] & 0x07U) << 18 | (p[1] & 0x3fU) << 12 | (p[2] & 0x3fU) << 6 | (p[3] & 0x3fU), 4};
}

Measure measure(std::string_view utf8) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto* const end = p + utf8.size();
  std::size_t units = 0;
  while (p != end) {
    if (const std::size_t ascii = ascii_prefix(p, static_cast<std::size_t>(end - p))) {
      units += ascii;
      p += ascii;
      continue;
    }
    const std::uint32_t size = valid_size(p, end);
    if (size == 0) return {units, false};
    units += size == 4 ? 2 : 1;
    p += size;
  }
  return {units, true};
}

std::string repaired(std::string_view utf8) {
  std::string out;
  const auto* p = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto* const end = p + utf8.size();
  while (p != end) {
    if (const std::uint32_t size = valid_size(p, end)) {
      out.append(reinterpret_cast<const char*>(p), size);
      p += size;
    } else {
      append_code_point(out, 0xfffd);
      ++p;
    }
  }
  return out;
}

std::size_t chunk(std::string_view utf8, std::size_t units, std::size_t& taken) {
  const auto* const begin = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto* const end = begin + utf8.size();
  const auto* p = begin;
  std::uint32_t last_size = 0;
  std::uint32_t last = 0;
  taken = 0;
  while (p != end && taken < units) {
    const auto [value, size] = decode(p);
    if (size == 4 && taken + 2 > units) break;
    taken += size == 4 ? 2 : 1;
    p += size;
    last = value;
    last_size = size;
  }
  if (p != end && taken == units && high_surrogate(last)) {
    p -= last_size;
    --taken;
  }
  return static_cast<std::size_t>(p - begin);
}

}  // namespace sofa::hessian::text
