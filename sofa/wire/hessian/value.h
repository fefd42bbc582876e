// Value: any Hessian value, for what has no C++ type: java.lang.Object, generic calls, classes that are not registered.
//
//   Value leg = Value::object("dev.sofa.bank.Leg").set("account", "x").set("sequence", 1);
//   leg["account"].as_string()                     // "x"
//   Value in = read_value(reader);                 // nothing is ever built but this
//   write_value(writer, leg);
//
// A Value is a handle. Lists, maps and objects live in a graph that all handles into it share: a copy of a handle means
// the same list, so cycles and shared parts are just values put into each other, and the graph goes when its last
// handle goes. Putting in a value of another graph copies what it reaches.
// Reading never fails: a question that does not fit the kind gives null, zero or empty text.
// Ownership: string views stay valid as long as any handle of the graph. Threads: one graph, one thread at a time.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::hessian {

class Value {
 public:
  Value() = default;                                                     ///< null
  Value(std::nullptr_t) {}                                               // NOLINT
  Value(bool value) : item_(Kind::kBool, std::int64_t{value}) {}         // NOLINT
  Value(std::int32_t value) : item_(Kind::kInt, std::int64_t{value}) {}  // NOLINT
  Value(std::int64_t value) : item_(Kind::kLong, value) {}               // NOLINT
  Value(double value) : item_(value) {}                                  // NOLINT
  /// Bytes that are no UTF-8 become U+FFFD.
  Value(std::string_view text);                                      // NOLINT
  Value(const char* text) : Value(std::string_view(text)) {}         // NOLINT
  Value(const std::string& text) : Value(std::string_view(text)) {}  // NOLINT
  static Value date(std::int64_t ms);
  static Value binary(BytesView bytes);
  /// `type` is the Java class of the list as the wire names it; empty is an ArrayList.
  static Value list(std::initializer_list<Value> elements = {}, std::string_view type = {});
  /// `type` empty is a HashMap.
  static Value map(std::string_view type = {});
  static Value object(std::string_view java_class);

  /// Never kReference, kEnd or the like.
  Kind kind() const { return item_.kind; }
  bool is_null() const { return item_.kind == Kind::kNull; }
  bool is_number() const;
  bool as_bool() const { return item_.kind == Kind::kBool && item_.integer != 0; }
  /// Of any number; a double loses its fraction.
  std::int64_t as_int() const;
  double as_double() const;
  std::int64_t as_date_ms() const { return item_.kind == Kind::kDate ? item_.integer : 0; }
  std::string_view as_string() const;
  BytesView as_binary() const;

  /// Class of an object, type of a list or map; empty for others and for untyped ones.
  std::string_view class_name() const;
  /// Elements, entries or fields.
  std::size_t size() const;
  /// Element of a list, value of an entry or field; null beyond the end.
  Value at(std::size_t i) const;
  /// Key of an entry.
  Value key(std::size_t i) const;
  std::string_view field_name(std::size_t i) const;
  /// The last field of that name (a class that shadows a parent's field has two), or a map's entry with that text as
  /// key.
  Value operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  /// A list without a length, as an iterator is written.
  bool is_variable() const;
  void set_variable(bool variable);

  /// The same list, map or object (not only an equal one).
  bool same(const Value& other) const;
  /// Names a list, map or object within its graph.
  std::uint32_t identity() const { return static_cast<std::uint32_t>(item_.node); }

  Value& push(const Value& element);                       ///< to a list
  Value& put(const Value& key, const Value& value);        ///< an entry of a map
  Value& set(std::string_view field, const Value& value);  ///< a field of an object
  /// A further field, also where one of that name is there.
  Value& add_field(std::string_view field, const Value& value);

  /// Equal kinds, classes and contents, in order; cycles are followed once. Doubles compare by bits.
  friend bool operator==(const Value& a, const Value& b);

 private:
  friend class ValueReader;
  friend class ValueWriter;
  struct Graph;
  struct Node;
  struct Item {
    Item() = default;
    Item(Kind k, std::int64_t value) : integer(value), kind(k) {}
    explicit Item(double value) : real(value), kind(Kind::kDouble) {}
    union {
      std::int64_t integer = 0;
      double real;
      std::int64_t node;
      const char* text;
    };
    std::uint32_t size = 0;  // of text
    Kind kind = Kind::kNull;
  };

  Value(Item item, std::shared_ptr<Graph> graph) : item_(item), graph_(std::move(graph)) {}
  bool compound() const { return item_.kind >= Kind::kList && item_.kind <= Kind::kObject; }
  Node& node() const;
  static Value compound_of(Kind kind, std::string_view type);
  Item import(const Value& other);
  Value item(std::size_t i) const;

  Item item_;
  std::shared_ptr<Graph> graph_;
};

/// The next value of the stream. All values of one reader share a graph, as they share references.
Value read_value(Reader& from);
void write_value(Writer& to, const Value& value);

/// All values of a stream.
Result<std::vector<Value>> read_values(BytesView bytes, const Limits& limits = {});
Bytes write_values(std::span<const Value> values);

}  // namespace sofa::hessian
