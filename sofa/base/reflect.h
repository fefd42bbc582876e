// reflect: the fields of a plain struct, by name and by value, without a line of registration.
//
//   struct Transfer { std::string tx_id; sofa::Decimal amount; };
//   reflect::field_names<Transfer>   // {"tx_id", "amount"}
//   reflect::wire_names<Transfer>    // {"txId", "amount"}: what Java, JSON and YAML peers call them
//   reflect::for_each_field(transfer, [](auto index, std::string_view name, auto& value) { … });
//
// What is reflectable: an aggregate without base classes, C arrays and reference members (walked by Boost.PFR), or any
// type described by BOOST_DESCRIBE_STRUCT(T, (Bases), (members)) (include <boost/describe/class.hpp> where you describe
// it). A described type's own fields come first, then each base's, so a subclass's fields precede its parents': the
// order in which Java's Hessian writer emits them.
//
// A type may name fields otherwise than the rule would; the table covers inherited fields too:
//   static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"type_code", "TYPE"}};
//
// Everything here is computed at compile time and holds no state. A walk of a 40-field type costs its unit under a
// second, so keep codecs of large types in one .cc.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/describe/bases.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/list.hpp>
#include <boost/pfr/core.hpp>

namespace sofa::reflect {

/// A type with BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_CLASS.
template <class T>
concept Described = boost::describe::has_describe_members<std::remove_cv_t<T>>::value;

/// A type whose fields this header can walk.
template <class T>
concept Reflectable =
    Described<T> || (std::is_class_v<T> && std::is_aggregate_v<T> && !requires { std::tuple_size<T>::value; });

namespace detail {

template <class... F>
using Refs = boost::pfr::detail::sequence_tuple::tuple<F&...>;

template <class T>
using Own = boost::describe::describe_members<std::remove_cv_t<T>, boost::describe::mod_public>;
template <class T>
using Bases = boost::describe::describe_bases<std::remove_cv_t<T>, boost::describe::mod_public>;

template <class From, class To>
using CopyConst = std::conditional_t<std::is_const_v<From>, const To, To>;

/// The members of T and then of its bases, as Describe's descriptors in one list.
template <class T>
struct Descriptors;
template <class T, class BaseList>
struct WithBases;
template <class T, template <class...> class L, class... B>
struct WithBases<T, L<B...>> {
  using type = boost::mp11::mp_append<Own<T>, typename Descriptors<typename B::type>::type...>;
};
template <class T>
struct Descriptors : WithBases<T, Bases<T>> {};

/// Whether T{…} takes N values.
template <class T, std::size_t N>
concept Takes = requires { typename boost::pfr::detail::enable_if_constructible_helper_t<T, N>; };

/// Low values are taken, High are too many.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t most_taken() {
  if constexpr (High - Low == 1) {
    return Low;
  } else if constexpr (Takes<T, (Low + High) / 2>) {
    return most_taken<T, (Low + High) / 2, High>();
  } else {
    return most_taken<T, Low, (Low + High) / 2>();
  }
}
/// PFR counts down from eight times the size of T, which costs a unit more than all the rest; this counts up.
template <class T, std::size_t Low, std::size_t High>
consteval std::size_t count_up() {
  if constexpr (Takes<T, High>) {
    return count_up<T, High, High * 2>();
  } else {
    return most_taken<T, Low, High>();
  }
}

template <class T>
constexpr std::size_t count() {
  if constexpr (Described<T>) {
    return boost::mp11::mp_size<typename Descriptors<std::remove_cv_t<T>>::type>::value;
  } else {
    return count_up<std::remove_cv_t<T>, 0, 4>();
  }
}

/// References to all fields of `object`, in order. The only two ways in which a struct is taken apart.
template <class T>
constexpr auto tie(T& object) noexcept {
  if constexpr (Described<T>) {
    return [&]<template <class...> class L, class... D>(L<D...>) {
      return Refs<std::remove_reference_t<decltype(object.*D::pointer)>...>{object.*D::pointer...};
    }(typename Descriptors<std::remove_cv_t<T>>::type{});
  } else {
    return boost::pfr::detail::tie_as_tuple(object, boost::pfr::detail::size_t_<count<T>()>());
  }
}

template <std::size_t I, class Tuple>
constexpr auto& at(Tuple& refs) noexcept {
  return boost::pfr::detail::sequence_tuple::get<I>(refs);
}

// Declared, never defined: only addresses inside it are named, and only by the compiler.
template <class T>
struct Holder {
  const T value;
};
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"  // T may live in an anonymous namespace
template <class T>
extern const Holder<T> absent;
#pragma clang diagnostic pop

template <class T>
struct Tied {
  static constexpr auto refs = tie(absent<T>.value);
};

template <class P>
struct Address {
  P value;
};
template <class P>
Address(P) -> Address<P>;

/// The name of the member that `A` points to: what stands after the last dot of clang's spelling of it.
template <Address A>
consteval std::string_view spelled() {
  std::string_view text = __PRETTY_FUNCTION__;
  text = text.substr(0, text.find_last_not_of("]} ") + 1);
  return text.substr(text.find_last_of('.') + 1);
}

template <std::size_t N>
using Names = std::array<std::string_view, N>;

/// Names as the compiler spells them: views into long literals, for use at compile time only.
template <class T, std::size_t... I>
consteval Names<sizeof...(I)> spelled_names(std::index_sequence<I...>) {
  if constexpr (Described<T>) {
    return []<template <class...> class L, class... D>(L<D...>) {
      return Names<sizeof...(D)>{std::string_view(D::name)...};
    }(typename Descriptors<T>::type{});
  } else {
    return {spelled<Address{&at<I>(Tied<T>::refs)}>()...};
  }
}

/// Writes the wire form of a snake_case name to `out` (at least name.size() long) and gives its length.
constexpr std::size_t write_camel(std::string_view name, char* out) {
  std::size_t size = 0;
  bool upper = false;
  for (char c : name) {
    if (c == '_' && size > 0 && out[size - 1] != '_') {
      upper = true;
    } else {
      out[size++] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return size;
}

template <class T>
consteval std::string_view renamed(std::string_view name) {
  if constexpr (requires { T::java_names; }) {
    for (const auto& [field, wire] : T::java_names) {
      if (field == name) return wire;
    }
  }
  return {};
}

/// The wire name that a table gives a field: T's own table first, then those of its bases. Empty where none does.
template <class T>
consteval std::string_view table_name(std::string_view name) {
  std::string_view found = renamed<T>(name);
  if constexpr (Described<T>) {
    [&]<template <class...> class L, class... B>(L<B...>) {
      ((found = found.empty() ? table_name<typename B::type>(name) : found), ...);
    }(Bases<T>{});
  }
  return found;
}

/// Whether every name in T's table is a field of T.
template <class T, std::size_t... I>
consteval bool table_is_sound(std::index_sequence<I...> order) {
  bool sound = true;
  if constexpr (requires { T::java_names; }) {
    for (const auto& entry : T::java_names) {
      bool known = false;
      for (auto name : spelled_names<T>(order)) known = known || name == entry.first;
      sound = sound && known;
    }
  }
  return sound;
}

/// All names of a type in one block, so that a binary holds the names and not the compiler's literals.
template <std::size_t N, std::size_t Size>
struct NameBlock {
  std::array<char, Size + 1> text{};
  std::array<std::size_t, N + 1> ends{};
};

template <class T, bool Wire>
struct NameTable {
  static constexpr std::size_t n = count<T>();
  static_assert(table_is_sound<T>(std::make_index_sequence<n>()),
                "java_names names a field that the type does not have");
  static constexpr std::size_t size = [] {
    std::size_t sum = 0;
    for (auto name : spelled_names<T>(std::make_index_sequence<n>())) {
      sum += Wire && !table_name<T>(name).empty() ? table_name<T>(name).size() : name.size();
    }
    return sum;
  }();
  static constexpr NameBlock<n, size> block = [] {
    NameBlock<n, size> made;
    std::size_t at = 0;
    std::size_t i = 0;
    for (auto name : spelled_names<T>(std::make_index_sequence<n>())) {
      std::string_view given = Wire ? table_name<T>(name) : name;
      if (given.empty()) {
        at += write_camel(name, made.text.data() + at);
      } else {
        for (char c : given) made.text[at++] = c;
      }
      made.ends[++i] = at;
    }
    return made;
  }();
  static constexpr Names<n> names = [] {
    Names<n> made;
    for (std::size_t i = 0; i < n; ++i) {
      made[i] = {block.text.data() + block.ends[i], block.ends[i + 1] - block.ends[i]};
    }
    return made;
  }();
};

}  // namespace detail

/// How many fields T has, inherited ones included.
template <Reflectable T>
inline constexpr std::size_t field_count = detail::count<T>();

/// The fields' names as written in C++, in order.
template <Reflectable T>
inline constexpr const auto& field_names = detail::NameTable<std::remove_cv_t<T>, false>::names;

/// The fields' names as peers know them: `java_names` where it names the field, else camelCase (see `camel_case`).
template <Reflectable T>
inline constexpr const auto& wire_names = detail::NameTable<std::remove_cv_t<T>, true>::names;

/// The type of field I.
template <Reflectable T, std::size_t I>
using field_type = std::remove_cvref_t<decltype(detail::at<I>(detail::Tied<std::remove_cv_t<T>>::refs))>;

/// A reference to field I.
template <std::size_t I, Reflectable T>
constexpr auto& get(T& object) noexcept {
  auto refs = detail::tie(object);
  return detail::at<I>(refs);
}

/// Calls fn(index, name, value) for every field: index is a std::integral_constant, name the C++ name as string_view
/// (wire_names<T>[index] is the other), value a reference to the field, const where the object is.
template <Reflectable T, class Fn>
constexpr void for_each_field(T& object, Fn&& fn) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    [[maybe_unused]] auto refs = detail::tie(object);
    (fn(std::integral_constant<std::size_t, I>(), field_names<T>[I], detail::at<I>(refs)), ...);
  }(std::make_index_sequence<field_count<T>>());
}

/// Calls fn(index, value) for the field at a position known at run time, as a decoder needs whose peer chose the order.
/// False, and no call, where there is no such field.
template <Reflectable T, class Fn>
constexpr bool with_field(T& object, std::size_t position, Fn&& fn) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    [[maybe_unused]] auto refs = detail::tie(object);
    return ((I == position ? (fn(std::integral_constant<std::size_t, I>(), detail::at<I>(refs)), true) : false) || ...);
  }(std::make_index_sequence<field_count<T>>());
}

/// A name in its wire form, made at compile time: `camel_case<"get_balance">` is "getBalance".
template <std::size_t N>
struct Literal {
  char text[N]{};
  consteval Literal(const char (&from)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
};
namespace detail {
template <Literal L>
struct Camel {
  static constexpr std::pair<Literal<sizeof(L.text)>, std::size_t> made = [] {
    std::pair<Literal<sizeof(L.text)>, std::size_t> result{L, 0};
    result.second = write_camel({L.text, sizeof(L.text) - 1}, result.first.text);
    return result;
  }();
};
}  // namespace detail

/// snake_case to camelCase: an underscore goes and lifts the letter after it; one that leads stays and one that ends
/// goes (`class_` is Java's `class`); what is camelCase already stays as it is.
template <Literal L>
inline constexpr std::string_view camel_case{detail::Camel<L>::made.first.text, detail::Camel<L>::made.second};

}  // namespace sofa::reflect
