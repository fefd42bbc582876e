#include <simdjson.h>

#include "sofa/base/date.h"
#include "sofa/base/decimal.h"
#include "sofa/wire/hessian/notation.h"

namespace sofa::hessian {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

Result<Value> convert(const element& json, std::string_view java_type);

std::string_view text_of(const element& json) {
  std::string_view text;
  return json.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

Result<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(HessianError::kBadJson, "byte[] wants hex digits, not \"{}\"", text);
    bytes.push_back(static_cast<std::uint8_t>(high << 4 | low));
  }
  if (text.size() % 2 != 0) return fail(HessianError::kBadJson, "byte[] wants pairs of hex digits, not \"{}\"", text);
  return bytes;
}

/// The wire's name of an array type: `int[]` is `[int`, `java.lang.String[]` is `[string`.
std::string array_type(std::string_view java_type) {
  std::string type;
  for (; java_type.ends_with("[]"); java_type.remove_suffix(2)) type += '[';
  if (java_type == "java.lang.String") return type + "string";
  if (java_type == "java.lang.Object") return type + "object";
  if (java_type == "java.util.Date") return type + "date";
  return type + std::string(java_type);
}

Result<Value> decimal(std::string_view text) {
  SOFA_TRY(const Decimal parsed, Decimal::parse(text));
  return Value::object("java.math.BigDecimal").set("value", parsed.to_string());
}

Result<Value> date(const element& json) {
  std::int64_t ms = 0;
  if (json.get(ms) == simdjson::SUCCESS) return Value::date(ms);
  SOFA_TRY(const Date parsed, Date::parse(text_of(json)));
  return Value::date(parsed.milliseconds);
}

Result<Value> number(const element& json, std::string_view type) {
  const bool real = type == "double" || type == "float" || type == "java.lang.Double" || type == "java.lang.Float";
  const bool wide = type == "long" || type == "java.lang.Long";
  if (type == "java.math.BigDecimal") return decimal(simdjson::minify(json));
  if (type == "java.util.Date") return date(json);
  std::int64_t whole = 0;
  double fraction = 0;
  if (!real && json.get(whole) == simdjson::SUCCESS) {
    if (wide || whole < INT32_MIN || whole > INT32_MAX) return Value(whole);
    return Value(static_cast<std::int32_t>(whole));
  }
  if (json.get(fraction) != simdjson::SUCCESS || wide || (!real && json.type() == element_type::UINT64)) {
    return fail(HessianError::kBadJson, "{} is no {}", simdjson::minify(json), type.empty() ? "long" : type);
  }
  return Value(fraction);
}

Result<Value> list(const simdjson::dom::array& json, std::string_view java_type, std::string_view wire_type) {
  Value made =
      Value::list({}, wire_type.empty() && java_type.ends_with("[]") ? array_type(java_type) : std::string(wire_type));
  const std::string_view element_type = java_type.ends_with("[]") ? java_type.substr(0, java_type.size() - 2) : "";
  for (const element& part : json) {
    SOFA_TRY(const Value value, convert(part, element_type));
    made.push(value);
  }
  return made;
}

Result<Value> members(const simdjson::dom::object& json, std::string_view java_class, std::string_view map_type) {
  Value made = java_class.empty() ? Value::map(map_type) : Value::object(java_class);
  for (const auto& [key, part] : json) {
    if (key == "$class" || key == "$type") continue;
    SOFA_TRY(const Value value, convert(part, {}));
    java_class.empty() ? made.put(Value(key), value) : made.set(key, value);
  }
  return made;
}

bool is_map_type(std::string_view type) {
  return type.empty() || type == "java.lang.Object" || (type.starts_with("java.util.") && type.ends_with("Map"));
}

Result<Value> object(const simdjson::dom::object& json, std::string_view java_type) {
  element special;
  if (json["$bytes"].get(special) == simdjson::SUCCESS) return convert(special, "byte[]");
  if (json["$date"].get(special) == simdjson::SUCCESS) return date(special);
  if (json["$decimal"].get(special) == simdjson::SUCCESS) return convert(special, "java.math.BigDecimal");
  if (json["$long"].get(special) == simdjson::SUCCESS) return convert(special, "long");
  std::string_view type;
  if (json["$type"].get(special) == simdjson::SUCCESS) type = text_of(special);
  simdjson::dom::array elements;
  if (json["$list"].get(elements) == simdjson::SUCCESS) return list(elements, java_type, type);
  if (json["$entries"].get(elements) == simdjson::SUCCESS) {
    Value made = Value::map(type);
    for (const element& entry : elements) {
      SOFA_TRY(const Value pair, convert(entry, {}));
      if (pair.size() != 2) return fail(HessianError::kBadJson, "$entries wants pairs [key, value]");
      made.put(pair.at(0), pair.at(1));
    }
    return made;
  }
  if (json["$class"].get(special) == simdjson::SUCCESS) return members(json, text_of(special), {});
  if (is_map_type(java_type)) return members(json, {}, type);
  return members(json, java_type, {});
}

Result<Value> convert(const element& json, std::string_view java_type) {
  switch (json.type()) {
    case element_type::NULL_VALUE:
      return Value();
    case element_type::BOOL:
      return Value(bool(json));
    case element_type::STRING: {
      if (java_type == "java.math.BigDecimal") return decimal(text_of(json));
      if (java_type == "java.util.Date") return date(json);
      if (java_type == "byte[]") {
        SOFA_TRY(const Bytes bytes, from_hex(text_of(json)));
        return Value::binary(bytes);
      }
      return Value(text_of(json));
    }
    case element_type::ARRAY:
      return list(json, java_type, {});
    case element_type::OBJECT:
      return object(json, java_type);
    default:
      return number(json, java_type);
  }
}

}  // namespace

Result<Value> value_from_json(std::string_view json, std::string_view java_type) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(json.data(), json.size()).get(root)) {
    return fail(HessianError::kBadJson, "no JSON: {}: {}", simdjson::error_message(error), json.substr(0, 200));
  }
  return convert(root, java_type);
}

}  // namespace sofa::hessian
