// Collections, arrays and variants as Hessian values. Writing takes the Java class that the type names; reading takes
// any list for a list and any map for a map, whatever the sender's class.
//
//   std::vector<T>                 java.util.List, written untyped (an ArrayList)
//   Array<T>                       T[]
//   std::map, std::unordered_map, std::vector<std::pair<K, V>>    java.util.Map, written untyped (a HashMap)
//   std::set, std::unordered_set   written as TreeSet, HashSet
//   LinkedHashMap<K, V>, LinkedList<T>, … or Typed<Container, "any.java.Class">   written under that class
//   std::variant<A, B, …>          known subclasses, chosen by class name; std::monostate takes null, Value the rest
//   Declared<T, "any.java.Class">  T, where Java declares that class: for methods that are looked up by it
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "sofa/wire/hessian/codec.h"

namespace sofa::hessian {

/// T[]: a vector that is written under the array's type. (byte[] is Bytes, char[] is CharArray.)
template <class T>
struct Array : std::vector<T> {
  using std::vector<T>::vector;
};

/// T, where Java declares another type for it: an interface, a parent, or Object for a type variable. On the wire it is
/// T; the declared type is what methods are looked up by, what an array of it is called, and what orders fields.
template <class T, reflect::Literal JavaClass>
struct Declared : T {
  static constexpr std::string_view java_signature{JavaClass.text, sizeof(JavaClass.text) - 1};
  Declared() = default;
  Declared(T value) : T(std::move(value)) {}  // a T is meant, wherever it stands
  using T::T;
};

/// char[]: on the wire a string.
struct CharArray {
  std::string text;
  bool operator==(const CharArray&) const = default;
};

/// A container that is written under the given Java class.
template <class Container, reflect::Literal JavaClass>
struct Typed : Container {
  static constexpr std::string_view java_signature{JavaClass.text, sizeof(JavaClass.text) - 1};
  using Container::Container;
};

template <class K, class V>
using Entries = std::vector<std::pair<K, V>>;  ///< a map in the order of its entries
template <class T>
using LinkedList = Typed<std::vector<T>, "java.util.LinkedList">;
template <class T>
using HashSet = Typed<std::vector<T>, "java.util.HashSet">;
template <class T>
using Set = Declared<HashSet<T>, "java.util.Set">;
template <class T>
using LinkedHashSet = Typed<std::vector<T>, "java.util.LinkedHashSet">;
template <class T>
using TreeSet = Typed<std::vector<T>, "java.util.TreeSet">;
template <class K, class V>
using LinkedHashMap = Typed<Entries<K, V>, "java.util.LinkedHashMap">;
template <class K, class V>
using TreeMap = Typed<std::map<K, V>, "java.util.TreeMap">;

namespace detail {

struct ContainerCodec {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = true;
};

/// Room for what a list says it holds, but never much more than what the sender has paid for in bytes.
template <class T, class Container>
void reserve(Container& container, std::int64_t length) {
  constexpr std::int64_t kMost = std::max<std::int64_t>(1, 16384 / sizeof(T));
  if constexpr (requires { container.reserve(1); }) {
    if (length > 0) container.reserve(static_cast<std::size_t>(std::min(length, kMost)));
  }
}

template <class Container>
struct ListCodec : ContainerCodec {
  using T = typename Container::value_type;
  static std::string array_type() { return "java.util.List"; }
  static void encode_as(Writer& to, std::string_view type, const Container& value) {
    to.begin_list(type, static_cast<std::int32_t>(value.size()));
    for (const T& element : value) Codec<T>::encode(to, element);
    to.end_list();
  }
  static void encode(Writer& to, const Container& value) { encode_as(to, {}, value); }
  static void decode(Reader& from, Container& value) {
    value.clear();
    follow(from, [&] {
      Reader::List list = from.begin_list();
      reserve<T>(value, list.length);
      while (from.more(list)) {
        T element{};
        Codec<T>::decode(from, element);
        value.insert(value.end(), std::move(element));
      }
    });
  }
};

template <class Container, class K, class V>
struct MapCodec : ContainerCodec {
  static std::string array_type() { return "java.util.Map"; }
  static void encode_as(Writer& to, std::string_view type, const Container& value) {
    to.begin_map(type);
    for (const auto& [key, entry] : value) {
      Codec<K>::encode(to, key);
      Codec<V>::encode(to, entry);
    }
    to.end_map();
  }
  static void encode(Writer& to, const Container& value) { encode_as(to, {}, value); }
  static void decode(Reader& from, Container& value) {
    value.clear();
    follow(from, [&] {
      for (Reader::Map map = from.begin_map(); from.more(map);) {
        K key{};
        V entry{};
        Codec<K>::decode(from, key);
        Codec<V>::decode(from, entry);
        value.insert(value.end(), {std::move(key), std::move(entry)});
      }
    });
  }
};

}  // namespace detail

template <class T>
struct Codec<std::vector<T>> : detail::ListCodec<std::vector<T>> {};
template <>
struct Codec<std::vector<bool>> : detail::ContainerCodec {
  static std::string array_type() { return "java.util.List"; }
  static void encode_as(Writer& to, std::string_view type, const std::vector<bool>& value);
  static void encode(Writer& to, const std::vector<bool>& value) { encode_as(to, {}, value); }
  static void decode(Reader& from, std::vector<bool>& value);
};

template <class T>
struct Codec<Array<T>> : Codec<std::vector<T>> {
  static std::string array_type() { return type(); }
  static void encode(Writer& to, const Array<T>& value) { Codec<std::vector<T>>::encode_as(to, type(), value); }

 private:
  static const std::string& type() {
    static const std::string name = "[" + Codec<T>::array_type();
    return name;
  }
};
template <>
struct Codec<Array<std::uint8_t>>;  // byte[] is Bytes

template <>
struct Codec<CharArray> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static std::string array_type() { return "[char"; }
  static void encode(Writer& to, const CharArray& value) { to.write_string(value.text); }
  static void decode(Reader& from, CharArray& value) { from.read_string(value.text); }
};

template <class T, class Compare>
struct Codec<std::set<T, Compare>> : detail::ListCodec<std::set<T, Compare>> {
  static void encode(Writer& to, const std::set<T, Compare>& value) {
    Codec::encode_as(to, "java.util.TreeSet", value);
  }
};
template <class T, class Hash>
struct Codec<std::unordered_set<T, Hash>> : detail::ListCodec<std::unordered_set<T, Hash>> {
  static void encode(Writer& to, const std::unordered_set<T, Hash>& value) {
    Codec::encode_as(to, "java.util.HashSet", value);
  }
};

template <class K, class V>
struct Codec<std::vector<std::pair<K, V>>> : detail::MapCodec<std::vector<std::pair<K, V>>, K, V> {};
template <class K, class V, class Compare>
struct Codec<std::map<K, V, Compare>> : detail::MapCodec<std::map<K, V, Compare>, K, V> {};
template <class K, class V, class Hash>
struct Codec<std::unordered_map<K, V, Hash>> : detail::MapCodec<std::unordered_map<K, V, Hash>, K, V> {};

template <class Container, reflect::Literal JavaClass>
struct Codec<Typed<Container, JavaClass>> : Codec<Container> {
  static std::string array_type() { return std::string(Typed<Container, JavaClass>::java_signature); }
  static void encode(Writer& to, const Typed<Container, JavaClass>& value) {
    Codec<Container>::encode_as(to, Typed<Container, JavaClass>::java_signature, value);
  }
};

namespace detail {
/// How an array's type names its elements.
constexpr std::string_view element_name(std::string_view java_class) {
  return java_class == "java.lang.Object"   ? "object"
         : java_class == "java.lang.String" ? "string"
         : java_class == "java.util.Date"   ? "date"
                                            : java_class;
}
}  // namespace detail

template <class T, reflect::Literal JavaClass>
struct Codec<Declared<T, JavaClass>> : Codec<T> {
  static constexpr std::string_view kName = Declared<T, JavaClass>::java_signature;
  /// As the Java writer has it: whatever is declared below java.lang, but not Object.
  static constexpr bool kJavaLang = kName.starts_with("java.lang.") && kName != "java.lang.Object";
  static std::string array_type() { return std::string(detail::element_name(kName)); }
};

template <>
struct Codec<std::monostate> : detail::PrimitiveCodec {
  static void encode(Writer& to, std::monostate) { to.write_null(); }
  static void decode(Reader& from, std::monostate&) {
    if (!from.try_null()) from.mismatch("null");
  }
};

template <class... Alternatives>
struct Codec<std::variant<Alternatives...>> {
  using Variant = std::variant<Alternatives...>;
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static std::string array_type() { return "object"; }

  static void encode(Writer& to, const Variant& value) {
    std::visit([&]<class T>(const T& held) { Codec<T>::encode(to, held); }, value);
  }
  static void decode(Reader& from, Variant& value) {
    const std::string_view name = from.peek_class();
    if (!from.ok() || (take<Alternatives>(from, name, value) || ...)) return;
    std::string known;
    ((known += known.empty() ? "" : ", ", known += described<Alternatives>()), ...);
    name.empty() ? from.mismatch("one of " + known) : from.unregistered(name, known);
  }

 private:
  /// The class of an alternative; of what a shared_ptr points to.
  template <class T>
  static constexpr std::string_view class_of() {
    if constexpr (requires { std::string_view(T::java_class); }) {
      return T::java_class;
    } else if constexpr (requires { typename T::element_type; }) {
      return class_of<typename T::element_type>();
    } else {
      static_assert(std::is_same_v<T, Value> || std::is_same_v<T, std::monostate>,
                    "alternatives are objects, std::monostate for null, and hessian::Value for anything");
      return {};
    }
  }
  template <class T>
  static std::string_view described() {
    return std::is_same_v<T, std::monostate> ? "null" : std::is_same_v<T, Value> ? "anything" : class_of<T>();
  }
  template <class T>
  static bool take(Reader& from, std::string_view name, Variant& value) {
    constexpr std::string_view own = class_of<T>();
    const bool fits = std::is_same_v<T, Value> || (std::is_same_v<T, std::monostate> && from.peek() == Kind::kNull) ||
                      (!own.empty() && own == name);
    if (fits) Codec<T>::decode(from, value.template emplace<T>());
    return fits;
  }
};

}  // namespace sofa::hessian
