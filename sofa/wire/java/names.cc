#include "sofa/wire/java/names.h"

#include <fmt/format.h>

#include "sofa/base/reflect.h"
#include "sofa/wire/java/reserved_words.h"

namespace sofa::java {
namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_word(char c) {
  return is_upper(c) || is_lower_or_digit(c) || c == '_';
}

/// Letters, digits and underscores, none of them twice in a row, not starting with a digit; another byte becomes its
/// number.
std::string identifier(std::string_view name) {
  std::string made;
  for (const char c : name) {
    if (c == '_' && made.ends_with('_')) continue;
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
  if (is_reserved(name)) name += '_';
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
  if (made.size() > 1 && made[0] == '_' && is_upper(made[1])) made.erase(0, 1);  // such are the implementation's
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
  const bool is_the_implementations = name.size() > 1 && name[0] == '_' && is_upper(name[1]);
  return identifier(name) == name && !is_the_implementations && !is_reserved(name);
}

std::string Scope::take(const std::string& wish) {
  if (try_take(wish)) return wish;
  const std::string_view stem = std::string_view(wish).substr(0, wish.find_last_not_of('_') + 1);
  if (std::string lengthened = fmt::format("{}_", stem); try_take(lengthened)) return lengthened;
  for (int& i = last_[std::string(stem)];;) {
    std::string numbered = fmt::format("{}_{}", stem, ++i + 1);
    if (try_take(numbered)) return numbered;
  }
}

}  // namespace sofa::java
