// Fields: the header fields of a message, read where they lie; and what a name and a value may consist of.
//
//   for (const Field field : head.fields) log(field.name, field.value);
//   if (auto type = head.fields.find("content-type")) …
//
// A view over whole lines, `name: value CR LF` each, that a parser has judged or `append_field` has written. Finding a
// field walks over the lines: heads are short, and most fields of a request are never asked for.
// Names are compared without regard to case (RFC 9110, 5.1); values have no white space around them.
// Ownership: a view. Threads: any.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace sofa::http {

struct Field {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const Field&, const Field&) = default;
};

class Fields {
 public:
  Fields() = default;
  /// `lines` must be what a parser gave or what `append_field` wrote.
  explicit Fields(std::string_view lines) : lines_(lines) {}

  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { read(); }
    Field operator*() const { return field_; }
    const Field* operator->() const { return &field_; }
    Iterator& operator++() {
      rest_.remove_prefix(line_);
      read();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return rest_.size() == other.rest_.size(); }

   private:
    void read();

    std::string_view rest_;
    Field field_;
    std::size_t line_ = 0;
  };
  Iterator begin() const { return Iterator(lines_); }
  Iterator end() const { return {}; }
  bool empty() const { return lines_.empty(); }

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// Whether a field of that name has `token` in its comma-separated list.
  bool has_token(std::string_view name, std::string_view token) const;

  std::string_view lines() const { return lines_; }

 private:
  std::string_view lines_;
};

/// Equal but for the case of ASCII letters.
bool same_text(std::string_view a, std::string_view b);
/// Whether `list` has `token` between its commas.
bool list_has(std::string_view list, std::string_view token);
/// Without spaces and tabs around it.
std::string_view trim(std::string_view text);

/// A method or a field's name: one or more letters, digits and !#$%&'*+-.^_`|~ (RFC 9110, 5.6.2).
bool is_token(std::string_view text);
/// A field's value or a reason: no control character but tab (RFC 9110, 5.5).
bool is_value(std::string_view text);
/// A request target: visible ASCII but `#` (RFC 9112, 3.2).
bool is_target(std::string_view text);
/// What a Host may say: a name or number and perhaps a port.
bool is_host(std::string_view text);
/// Fields that say where a message ends: who writes a head writes them from its framing, never from its fields.
bool is_framing_field(std::string_view name);

/// Appends one line to `lines`, a string of any kind. False, and nothing is appended, when name or value may not be
/// sent: a CR or LF in them would let who chose them write lines of their own.
template <class Text>
bool append_field(Text& lines, std::string_view name, std::string_view value) {
  value = trim(value);
  if (!is_token(name) || !is_value(value)) return false;
  lines.append(name).append(": ").append(value).append("\r\n");
  return true;
}

}  // namespace sofa::http
