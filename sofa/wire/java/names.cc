#include "sofa/wire/java/names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sofa/base/reflect.h"

namespace sofa::java {
namespace {

/// Sorted: what a name in a generated header must not be. Keywords, then macros of the headers that it includes, then
/// what the macros of sofa name themselves.
constexpr auto kTaken = [] {
  std::array all = std::to_array<std::string_view>({"alignas",
                                                    "alignof",
                                                    "and",
                                                    "and_eq",
                                                    "asm",
                                                    "auto",
                                                    "bitand",
                                                    "bitor",
                                                    "bool",
                                                    "break",
                                                    "case",
                                                    "catch",
                                                    "char",
                                                    "char16_t",
                                                    "char32_t",
                                                    "char8_t",
                                                    "class",
                                                    "co_await",
                                                    "co_return",
                                                    "co_yield",
                                                    "compl",
                                                    "concept",
                                                    "const",
                                                    "const_cast",
                                                    "consteval",
                                                    "constexpr",
                                                    "constinit",
                                                    "continue",
                                                    "decltype",
                                                    "default",
                                                    "delete",
                                                    "do",
                                                    "double",
                                                    "dynamic_cast",
                                                    "else",
                                                    "enum",
                                                    "explicit",
                                                    "export",
                                                    "extern",
                                                    "false",
                                                    "float",
                                                    "for",
                                                    "friend",
                                                    "goto",
                                                    "if",
                                                    "inline",
                                                    "int",
                                                    "long",
                                                    "mutable",
                                                    "namespace",
                                                    "new",
                                                    "noexcept",
                                                    "not",
                                                    "not_eq",
                                                    "nullptr",
                                                    "operator",
                                                    "or",
                                                    "or_eq",
                                                    "private",
                                                    "protected",
                                                    "public",
                                                    "register",
                                                    "reinterpret_cast",
                                                    "requires",
                                                    "return",
                                                    "short",
                                                    "signed",
                                                    "sizeof",
                                                    "static",
                                                    "static_assert",
                                                    "static_cast",
                                                    "struct",
                                                    "switch",
                                                    "template",
                                                    "this",
                                                    "thread_local",
                                                    "throw",
                                                    "true",
                                                    "try",
                                                    "typedef",
                                                    "typeid",
                                                    "typename",
                                                    "union",
                                                    "unsigned",
                                                    "using",
                                                    "virtual",
                                                    "void",
                                                    "volatile",
                                                    "wchar_t",
                                                    "while",
                                                    "xor",
                                                    "xor_eq",  //
                                                    "BUFSIZ",
                                                    "EOF",
                                                    "FALSE",
                                                    "HUGE_VAL",
                                                    "INFINITY",
                                                    "NAN",
                                                    "NULL",
                                                    "RAND_MAX",
                                                    "TRUE",
                                                    "assert",
                                                    "errno",
                                                    "linux",
                                                    "major",
                                                    "makedev",
                                                    "minor",
                                                    "stderr",
                                                    "stdin",
                                                    "stdout",
                                                    "unix",  //
                                                    "boost",
                                                    "info",
                                                    "java_class",
                                                    "java_names",
                                                    "java_signature",
                                                    "sofa",
                                                    "std"});
  std::sort(all.begin(), all.end());
  return all;
}();

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_upper(c) || is_lower_or_digit(c) || c == '_';
}

/// Letters, digits and underscores, not starting with a digit; another byte becomes its number.
std::string identifier(std::string_view name) {
  std::string made;
  for (const char c : name) {
    if (is_word(c)) {
      made += c;
    } else if (c != '$') {
      made += fmt::format("u{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (made.empty() || (made[0] >= '0' && made[0] <= '9')) made.insert(0, "_");
  return made;
}

std::string not_taken(std::string name) {
  if (std::binary_search(kTaken.begin(), kTaken.end(), name)) name += '_';
  return name;
}

}  // namespace

std::string snake_case(std::string_view java) {
  std::string made;
  const std::string name = identifier(java);
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool next_is_lower = i + 1 < name.size() && name[i + 1] >= 'a' && name[i + 1] <= 'z';
    const bool starts_word =
        is_upper(name[i]) && i > 0 && name[i - 1] != '_' && (is_lower_or_digit(name[i - 1]) || next_is_lower);
    if (starts_word) made += '_';
    made += is_upper(name[i]) ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
  }
  return not_taken(std::move(made));
}

bool maps_back(std::string_view cpp, std::string_view java) {
  std::string camel(cpp.size(), '\0');
  camel.resize(reflect::detail::write_camel(cpp, camel.data()));
  return camel == java;
}

std::string class_name(std::string_view java) {
  const std::size_t dot = java.rfind('.');
  std::string made = identifier(dot == std::string_view::npos ? java : java.substr(dot + 1));
  return not_taken(std::move(made));
}

std::string namespace_of(std::string_view java_class) {
  const std::size_t end = java_class.rfind('.');
  if (end == std::string_view::npos || end == 0) return "imported";
  const std::size_t dot = java_class.rfind('.', end - 1);
  const std::size_t begin = dot == std::string_view::npos ? 0 : dot + 1;
  return not_taken(identifier(java_class.substr(begin, end - begin)));
}

bool is_plain(std::string_view name) {
  return identifier(name) == name && !std::binary_search(kTaken.begin(), kTaken.end(), name);
}

std::string Scope::take(const std::string& wish) {
  if (try_take(wish)) return wish;
  for (int i = 2;; ++i) {
    std::string numbered = fmt::format("{}_{}", wish, i);
    if (try_take(numbered)) return numbered;
  }
}

}  // namespace sofa::java
