// java_signature<T>: the name by which SofaRequest.methodArgSigs calls a parameter's type: `int`, `java.lang.String`,
// `[B`, `java.util.List`, `dev.sofa.bank.TransferRequest`. Java chooses overloads by it and decodes with it.
// A type of one's own names itself by `java_class`, or by `java_signature` where the two differ.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "sofa/base/bytes.h"

namespace sofa {
class Decimal;
class BigInteger;
struct Date;
}  // namespace sofa

namespace sofa::hessian {
class Value;
template <class T>
struct Array;
struct CharArray;
}  // namespace sofa::hessian

namespace sofa::rpc {
namespace detail {

template <class T>
struct JavaSignature {
  static constexpr std::string_view value = [] {
    if constexpr (requires { T::java_signature; }) {
      return std::string_view(T::java_signature);
    } else if constexpr (requires { T::java_class; }) {
      return std::string_view(T::java_class);
    } else if constexpr (requires { java_class_of(T{}); }) {
      return std::string_view(java_class_of(T{}));
    } else {
      static_assert(sizeof(T) == 0, "name the Java class of this type: static constexpr auto java_class = \"…\"");
    }
  }();
};

#define SOFA_JAVA_SIGNATURE_(cpp, java, boxed)       \
  template <>                                        \
  struct JavaSignature<cpp> {                        \
    static constexpr std::string_view value = java;  \
  };                                                 \
  template <>                                        \
  struct JavaSignature<std::optional<cpp>> {         \
    static constexpr std::string_view value = boxed; \
  }
SOFA_JAVA_SIGNATURE_(bool, "boolean", "java.lang.Boolean");
SOFA_JAVA_SIGNATURE_(std::int8_t, "byte", "java.lang.Byte");
SOFA_JAVA_SIGNATURE_(std::int16_t, "short", "java.lang.Short");
SOFA_JAVA_SIGNATURE_(std::int32_t, "int", "java.lang.Integer");
SOFA_JAVA_SIGNATURE_(std::int64_t, "long", "java.lang.Long");
SOFA_JAVA_SIGNATURE_(float, "float", "java.lang.Float");
SOFA_JAVA_SIGNATURE_(double, "double", "java.lang.Double");
SOFA_JAVA_SIGNATURE_(char16_t, "char", "java.lang.Character");
SOFA_JAVA_SIGNATURE_(std::string, "java.lang.String", "java.lang.String");
SOFA_JAVA_SIGNATURE_(Bytes, "[B", "[B");
SOFA_JAVA_SIGNATURE_(Decimal, "java.math.BigDecimal", "java.math.BigDecimal");
SOFA_JAVA_SIGNATURE_(BigInteger, "java.math.BigInteger", "java.math.BigInteger");
SOFA_JAVA_SIGNATURE_(Date, "java.util.Date", "java.util.Date");
SOFA_JAVA_SIGNATURE_(hessian::Value, "java.lang.Object", "java.lang.Object");
#undef SOFA_JAVA_SIGNATURE_

template <class T>
struct JavaSignature<std::optional<T>> : JavaSignature<T> {};
template <class T>
struct JavaSignature<std::shared_ptr<T>> : JavaSignature<T> {};
template <class T>
struct JavaSignature<std::vector<T>> {
  static constexpr std::string_view value = "java.util.List";
};
template <class K, class V>
struct JavaSignature<std::map<K, V>> {
  static constexpr std::string_view value = "java.util.Map";
};
template <class K, class V>
struct JavaSignature<std::unordered_map<K, V>> {
  static constexpr std::string_view value = "java.util.Map";
};
template <class... T>
struct JavaSignature<std::variant<T...>> {
  static constexpr std::string_view value = "java.lang.Object";
};

/// An array of Java, in the JVM's spelling: `[I`, `[Ljava.lang.String;`.
template <class Element>
struct JavaArraySignature {
  static constexpr std::string_view element = JavaSignature<Element>::value;
  static constexpr std::string_view letter = element == "boolean"  ? "Z"
                                             : element == "byte"   ? "B"
                                             : element == "char"   ? "C"
                                             : element == "short"  ? "S"
                                             : element == "int"    ? "I"
                                             : element == "long"   ? "J"
                                             : element == "float"  ? "F"
                                             : element == "double" ? "D"
                                                                   : "";
  static constexpr bool is_bare = !letter.empty() || element.starts_with('[');
  static constexpr std::size_t size = 1 + (letter.empty() ? element.size() : 1) + (is_bare ? 0 : 2);
  static constexpr std::array<char, size> text = [] {
    std::array<char, size> made{};
    std::size_t i = 0;
    made[i++] = '[';
    if (!is_bare) made[i++] = 'L';
    for (char c : letter.empty() ? element : letter) made[i++] = c;
    if (!is_bare) made[i++] = ';';
    return made;
  }();
  static constexpr std::string_view value{text.data(), size};
};

}  // namespace detail

namespace detail {
template <class T>
struct JavaSignature<hessian::Array<T>> : JavaArraySignature<T> {};
template <>
struct JavaSignature<hessian::CharArray> : JavaArraySignature<char16_t> {};
}  // namespace detail

template <class T>
inline constexpr std::string_view java_signature = detail::JavaSignature<T>::value;

}  // namespace sofa::rpc
