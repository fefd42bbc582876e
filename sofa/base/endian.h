// Big-endian integers in raw memory: what every wire protocol of the family uses; little-endian ones, which MD5 does.
//
//   std::uint32_t id = load_be<std::uint32_t>(frame + 5);
//   store_be(frame + 5, id);
//
// The caller guarantees the bytes; nothing here checks a bound. Any alignment is fine.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace sofa {

static_assert(std::endian::native == std::endian::little, "byte order of the wire is swapped on every load and store");

template <std::integral T>
constexpr T byteswap(T value) {
  if constexpr (sizeof(T) == 1) return value;
  if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

template <std::integral T>
T load_be(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return byteswap(value);
}

template <std::integral T>
void store_be(std::uint8_t* at, T value) {
  value = byteswap(value);
  std::memcpy(at, &value, sizeof value);
}

template <std::integral T>
T load_le(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <std::integral T>
void store_le(std::uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

}  // namespace sofa
