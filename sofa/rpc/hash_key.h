// hash_key: what consistent hashing goes by: the text that Java's toString() gives of a call's first argument.
//
// Of texts, whole numbers, bools, Decimal, BigInteger and enums; an absent optional of these shares the place of calls
// without arguments (Java's client fails there). Other objects have a text of their own in Java, and that of floating
// numbers depends on Java's release: calls of these are spread instead.
// Source: SOFARPC 5.13 ConsistentHashLoadBalancer.buildKeyOfHash.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <tuple>

#include "sofa/wire/hessian/codec.h"

namespace sofa {
class BigInteger;
class Decimal;
}  // namespace sofa

namespace sofa::rpc::detail {

template <class T>
inline constexpr bool kIsHashKey = std::integral<T> || std::same_as<T, std::string> || std::same_as<T, Decimal> ||
                                   std::same_as<T, BigInteger> || hessian::JavaEnum<T>;
template <class T>
inline constexpr bool kIsHashKey<std::optional<T>> = kIsHashKey<T>;

inline std::string hash_key_text(bool value) {
  return value ? "true" : "false";
}
template <std::integral T>
std::string hash_key_text(T value) {
  return std::to_string(value);
}
inline std::string hash_key_text(const std::string& value) {
  return value;
}
template <class T>
  requires requires(const T& value) { value.to_string(); }
std::string hash_key_text(const T& value) {
  return value.to_string();
}
template <hessian::JavaEnum T>
std::string hash_key_text(T value) {
  return std::string(java_enum(value).name(static_cast<std::int64_t>(value)));
}
template <class T>
std::string hash_key_text(const std::optional<T>& value) {
  return value ? hash_key_text(*value) : std::string();
}

/// Of the tuple of a call's arguments; nothing where the first gives no key.
template <class... A>
std::optional<std::string> hash_key(const void* arguments) {
  if constexpr (sizeof...(A) == 0) {
    return std::string();
  } else if constexpr (kIsHashKey<std::tuple_element_t<0, std::tuple<A...>>>) {
    return hash_key_text(std::get<0>(*static_cast<const std::tuple<A...>*>(arguments)));
  } else {
    return std::nullopt;
  }
}

}  // namespace sofa::rpc::detail
