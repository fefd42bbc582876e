// hash_key: what consistent hashing goes by: a call's first argument, as Java's String.valueOf gives it.
//
// Only of texts, whole numbers and bools: an object's text is its own in Java, and calls of it are spread instead.
// Source: SOFARPC 5.13 ConsistentHashLoadBalancer.buildKeyOfHash.
#pragma once

#include <concepts>
#include <string>
#include <tuple>

namespace sofa::rpc::detail {

template <class Arguments>
std::string hash_key_of(const void* arguments) {
  const auto& first = std::get<0>(*static_cast<const Arguments*>(arguments));
  using First = std::remove_cvref_t<decltype(first)>;
  if constexpr (std::same_as<First, bool>) {
    return first ? "true" : "false";
  } else if constexpr (std::integral<First>) {
    return std::to_string(first);
  } else {
    return first;
  }
}

/// Null where the first argument gives no key.
template <class... A>
constexpr auto hash_key() -> std::string (*)(const void*) {
  if constexpr (sizeof...(A) > 0) {
    using First = std::tuple_element_t<0, std::tuple<A...>>;
    if constexpr (std::integral<First> || std::same_as<First, std::string>) return &hash_key_of<std::tuple<A...>>;
  }
  return nullptr;
}

}  // namespace sofa::rpc::detail
