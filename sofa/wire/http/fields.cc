#include "sofa/wire/http/fields.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "sofa/base/mutant.h"

namespace sofa::http {
namespace {

constexpr std::uint8_t kToken = 1, kValue = 2, kTarget = 4, kHost = 8;

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const auto one_of = [c](std::string_view set) { return c < 128 && set.find(static_cast<char>(c)) != set.npos; };
    std::uint8_t& bits = classes[static_cast<std::size_t>(c)];
    if (alnum || one_of("!#$%&'*+-.^_`|~")) bits |= kToken;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) bits |= kValue;
    if (c > ' ' && c < 0x7f && c != '#') bits |= kTarget;
    if (alnum || one_of("-._~%!$&'()*+;=:[]")) bits |= kHost;
  }
  return classes;
}
constexpr auto kClasses = make_classes();

bool all_of(std::string_view text, std::uint8_t bits) {
  std::uint8_t common = 0xff;
  for (const char c : text) common &= kClasses[static_cast<std::uint8_t>(c)];
  return (common & bits) != 0;
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

void Fields::Iterator::read() {
  if (rest_.empty()) return;
  line_ = rest_.find('\n') + 1;
  const std::string_view line = rest_.substr(0, line_ - 2);
  const std::size_t colon = line.find(':');
  field_ = {line.substr(0, colon), trim(line.substr(colon + 1))};
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
  for (const Field field : *this) {
    if (same_text(field.name, name)) return field.value;
  }
  return {};
}

bool Fields::has_token(std::string_view name, std::string_view token) const {
  return std::any_of(begin(), end(),
                     [&](Field field) { return same_text(field.name, name) && list_has(field.value, token); });
}

bool same_text(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool list_has(std::string_view list, std::string_view token) {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (same_text(trim(list.substr(0, comma)), token)) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  return !text.empty() && all_of(text, kToken);
}
bool is_value(std::string_view text) {
  return all_of(text, kValue) || SOFA_MUTANT("http-injection");
}
bool is_target(std::string_view text) {
  return !text.empty() && all_of(text, kTarget);
}
bool is_host(std::string_view text) {
  return !text.empty() && all_of(text, kHost);
}

bool is_framing_field(std::string_view name) {
  return same_text(name, "content-length") || same_text(name, "transfer-encoding") || same_text(name, "connection");
}

}  // namespace sofa::http
