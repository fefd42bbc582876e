// Config: YAML text read into plain structs by a schema that stands beside them; what does not fit is refused with
// file, line, path and, for a misspelt key, the nearest that exists.
//
//   struct Listener { std::string host = "127.0.0.1"; std::uint16_t port = 12200;
//                     std::chrono::milliseconds idle_timeout{90'000}; };
//   inline const config::Schema& config_schema(const Listener*) {
//     static const config::Schema schema = config::schema<Listener>({
//         config::key<&Listener::host>("host", "address to listen on"),
//         config::key<&Listener::port>("port", "TCP port", {.min = 1}),
//         config::key<&Listener::idle_timeout>("idle_timeout_ms", "close a silent connection after", {.min = 1000})});
//     return schema;
//   }
//   SOFA_TRY(auto listener, config::load<Listener>(text, "bank.yaml"));
//   // bank.yaml:2: prot: unknown key, did you mean 'port'?
//
// Types come from the members, defaults from a default-made struct. A member may be bool, an integer, double,
// std::string, Secret, std::chrono::milliseconds (key in `_ms`) or seconds (`_seconds`), an enum that has
// `config_names(E)`, another struct with a schema, and std::optional, std::vector or std::map<std::string, …> of these.
// Sizes are integers whose key ends in `_bytes`.
// Text is bounded by the limits in yaml.h. Threads: schemas are immutable; everything here is for start-up. Errors:
// ConfigError; all problems of a text are told at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/base/secret.h"

namespace sofa::config {

enum class ConfigError { kSyntax = 1, kUnknownKey, kDuplicateKey, kMissingKey, kWrongType, kOutOfRange, kTooLarge };
const ErrorPart& error_part(ConfigError);

/// One thing that is wrong in a text.
struct Problem {
  ConfigError code = ConfigError::kSyntax;
  std::string file;
  int line = 0;      // from 1; 0 where there is no line to point at
  std::string path;  // `servers[0].port`; empty for the whole document
  std::string message;

  /// `file:line: path: message`.
  std::string to_string() const;
};

/// Bounds of a value: of a number, of a duration in its key's unit, of the length of a text, list or map.
struct Limits {
  std::optional<std::int64_t> min{};
  std::optional<std::int64_t> max{};
  bool required = false;
};

class Schema;

/// The names of an enum's values in config: `config_names(E)` gives a span of these and is found by argument lookup.
template <class E>
using EnumNames = std::span<const std::pair<std::string_view, E>>;

enum class Kind : std::uint8_t { kBool, kInteger, kReal, kText, kEnum, kSection, kOptional, kList, kMap };

/// What the reader knows of a C++ type: how to look at and set a value behind a pointer. One static object a type;
/// users don't make them, `key` does.
struct Type {
  Kind kind;
  std::string_view name;
  std::int64_t min = 0;  // integers: what the C++ type holds
  std::int64_t max = 0;
  std::string_view key_suffix = {};  // durations
  void (*set_integer)(void*, std::int64_t) = nullptr;
  void (*set_real)(void*, double) = nullptr;
  void (*set_text)(void*, std::string_view) = nullptr;
  bool (*set_name)(void*, std::string_view) = nullptr;        // enums; false for a name that is none
  std::vector<std::string_view> (*names)() = nullptr;         // enums
  void (*clear)(void*) = nullptr;                             // lists, maps
  void* (*element)(void*, const std::string& key) = nullptr;  // optionals, lists, maps: makes an element
  const Type* (*element_type)() = nullptr;
  const Schema& (*section)() = nullptr;
  std::string (*show)(const void*) = nullptr;  // scalars: the value as one would write it
};

/// One key of a schema.
struct Key {
  std::string_view name;
  std::string_view doc;
  Limits limits;
  const Type* type;
  void* (*member)(void*);
};

/// The keys of one struct. Texts in it must be literals.
class Schema {
 public:
  Schema(std::initializer_list<Key> keys, std::vector<std::pair<std::string, std::string>> defaults)
      : keys_(keys), defaults_(std::move(defaults)) {}
  std::span<const Key> keys() const noexcept { return keys_; }
  /// The default of a scalar key, as one would write it; empty for others.
  std::string_view default_of(std::string_view key) const noexcept;

 private:
  std::vector<Key> keys_;
  std::vector<std::pair<std::string, std::string>> defaults_;
};

namespace detail {

template <class T>
struct Traits;

template <class T>
const Type* type_of() {
  static const Type type = Traits<T>::make();
  return &type;
}

template <class T, class V>
void assign(void* to, V value) {
  *static_cast<T*>(to) = static_cast<T>(value);
}
template <class T>
std::string show(const void* value) {
  return fmt::format("{}", *static_cast<const T*>(value));
}

template <class T>
concept Section = requires(const T* value) {
  { config_schema(value) } -> std::same_as<const Schema&>;
};

template <>
struct Traits<bool> {
  static Type make() {
    return {
        .kind = Kind::kBool, .name = "true or false", .set_integer = assign<bool, std::int64_t>, .show = show<bool>};
  }
};
template <std::integral T>
struct Traits<T> {
  static Type make() {
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr auto kOwn = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    return {.kind = Kind::kInteger,
            .name = "integer",
            .min = static_cast<std::int64_t>(std::numeric_limits<T>::min()),
            .max = static_cast<std::int64_t>(kOwn < kMost ? kOwn : kMost),
            .set_integer = assign<T, std::int64_t>,
            .show = show<T>};
  }
};
template <>
struct Traits<double> {
  static Type make() {
    return {.kind = Kind::kReal, .name = "number", .set_real = assign<double, double>, .show = show<double>};
  }
};
template <>
struct Traits<std::string> {
  static Type make() {
    return {.kind = Kind::kText,
            .name = "text",
            .set_text = [](void* to, std::string_view text) { *static_cast<std::string*>(to) = text; },
            .show = show<std::string>};
  }
};
template <>
struct Traits<Secret> {
  static Type make() {
    return {.kind = Kind::kText, .name = "secret text", .set_text = [](void* to, std::string_view text) {
              *static_cast<Secret*>(to) = Secret(std::string(text));
            }};
  }
};
template <class T, class Unit>
struct DurationTraits {
  static Type make(std::string_view name, std::string_view suffix) {
    return {.kind = Kind::kInteger,
            .name = name,
            .min = 0,
            .max = std::numeric_limits<std::int64_t>::max() / 1'000'000'000,  // safe to turn into nanoseconds
            .key_suffix = suffix,
            .set_integer = [](void* to, std::int64_t count) { *static_cast<T*>(to) = T(count); },
            .show = [](const void* value) { return fmt::format("{}", static_cast<const T*>(value)->count()); }};
  }
};
template <>
struct Traits<std::chrono::milliseconds> {
  static Type make() { return DurationTraits<std::chrono::milliseconds, void>::make("milliseconds", "_ms"); }
};
template <>
struct Traits<std::chrono::seconds> {
  static Type make() { return DurationTraits<std::chrono::seconds, void>::make("seconds", "_seconds"); }
};
template <class E>
  requires std::is_enum_v<E>
struct Traits<E> {
  static Type make() {
    return {.kind = Kind::kEnum,
            .name = "one of",
            .set_name =
                [](void* to, std::string_view name) {
                  for (const auto& [known, value] : EnumNames<E>(config_names(E{}))) {
                    if (known == name) return *static_cast<E*>(to) = value, true;
                  }
                  return false;
                },
            .names =
                [] {
                  std::vector<std::string_view> names;
                  for (const auto& entry : EnumNames<E>(config_names(E{}))) names.push_back(entry.first);
                  return names;
                },
            .show =
                [](const void* value) {
                  for (const auto& [known, named] : EnumNames<E>(config_names(E{}))) {
                    if (named == *static_cast<const E*>(value)) return std::string(known);
                  }
                  return std::string();
                }};
  }
};
template <Section T>
struct Traits<T> {
  static Type make() {
    return {.kind = Kind::kSection, .name = "section", .section = []() -> const Schema& {
              return config_schema(static_cast<const T*>(nullptr));
            }};
  }
};
template <class T>
struct Traits<std::optional<T>> {
  static Type make() {
    return {
        .kind = Kind::kOptional,
        .name = "optional",
        .element = [](void* to, const std::string&) -> void* { return &static_cast<std::optional<T>*>(to)->emplace(); },
        .element_type = type_of<T>};
  }
};
template <class T>
struct Traits<std::vector<T>> {
  static_assert(!std::is_same_v<T, bool>, "a vector of bool has no elements to point at");
  static Type make() {
    return {.kind = Kind::kList,
            .name = "list",
            .clear = [](void* to) { static_cast<std::vector<T>*>(to)->clear(); },
            .element = [](void* to, const std::string&) -> void* {
              return &static_cast<std::vector<T>*>(to)->emplace_back();
            },
            .element_type = type_of<T>};
  }
};
template <class T>
struct Traits<std::map<std::string, T>> {
  static Type make() {
    return {.kind = Kind::kMap,
            .name = "map",
            .clear = [](void* to) { static_cast<std::map<std::string, T>*>(to)->clear(); },
            .element = [](void* to, const std::string& key) -> void* {
              return &(*static_cast<std::map<std::string, T>*>(to))[key];
            },
            .element_type = type_of<T>};
  }
};

template <class C, class M>
C class_of(M C::*);
template <class C, class M>
M member_of(M C::*);

Schema make_schema(std::initializer_list<Key> keys, void* defaults);
std::vector<Problem> read(const Schema& schema, std::string_view text, std::string_view file, void* into);
Error to_error(const std::vector<Problem>& problems);

}  // namespace detail

/// A key for a member. `doc` is one line that says what the value does; it and the name must be literals.
template <auto Member>
Key key(std::string_view name, std::string_view doc, Limits limits = {}) {
  using Class = decltype(detail::class_of(Member));
  return {name, doc, limits, detail::type_of<decltype(detail::member_of(Member))>(),
          [](void* object) -> void* { return &(static_cast<Class*>(object)->*Member); }};
}

/// The schema of T with these keys; made once, by T's `config_schema`.
template <class T>
Schema schema(std::initializer_list<Key> keys) {
  T defaults{};
  return detail::make_schema(keys, &defaults);
}

/// Reads `text` over what `into` holds and gives all problems found; where there are none `into` is complete. `file` is
/// what the problems call the text.
template <detail::Section T>
std::vector<Problem> read(std::string_view text, std::string_view file, T& into) {
  return detail::read(config_schema(static_cast<const T*>(nullptr)), text, file, &into);
}

/// The same for those who need no list: the error has the first problem's code and all of them, a line each.
template <detail::Section T>
Result<T> load(std::string_view text, std::string_view file) {
  T value{};
  auto problems = read(text, file, value);
  if (!problems.empty()) return fail(detail::to_error(problems));
  return value;
}

/// The schema as a Markdown table: key, type, default, limits, what it does; nested keys by their path.
std::string to_markdown(const Schema& schema);

}  // namespace sofa::config
