#include "sofa/wire/hessian/notation.h"

#include <bit>
#include <cmath>
#include <unordered_map>

#include "sofa/base/date.h"
#include "sofa/base/json_text.h"
#include "sofa/wire/hessian/jdk_text.h"
#include "sofa/wire/hessian/sha256.h"
#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {
namespace {

constexpr std::string_view kDecimal = "java.math.BigDecimal";

std::string hex(BytesView bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

bool is_throwable(const Value& value) {
  return value.kind() == Kind::kObject && value.contains("detailMessage") && value.contains("stackTrace");
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

/// The class of a list as Java names it in memory: the wire's `[int` is `[I`.
std::string list_class(std::string_view type) {
  if (type.empty()) return "java.util.ArrayList";
  if (type.front() != '[') return std::string(type);
  const std::size_t dimensions = type.find_first_not_of('[');
  if (dimensions == std::string_view::npos) return std::string(type);
  const std::string_view element = type.substr(dimensions);
  static constexpr std::pair<std::string_view, std::string_view> kElements[] = {{"int", "I"},
                                                                                {"long", "J"},
                                                                                {"short", "S"},
                                                                                {"byte", "B"},
                                                                                {"float", "F"},
                                                                                {"double", "D"},
                                                                                {"char", "C"},
                                                                                {"boolean", "Z"},
                                                                                {"string", "Ljava.lang.String;"},
                                                                                {"object", "Ljava.lang.Object;"},
                                                                                {"date", "Ljava.util.Date;"}};
  std::string name(type.substr(0, dimensions));
  for (const auto& [wire, java] : kElements) {
    if (element == wire) return name + std::string(java);
  }
  return name + "L" + std::string(element) + ";";
}

/// Text as the manifests quote it: ASCII only, every UTF-16 unit beyond it as an escape.
std::string quoted_units(std::string_view utf8, std::size_t most_units = SIZE_MAX) {
  if (!text::measure(utf8).valid) return quoted_units(text::repaired(utf8), most_units);  // a name from the wire
  std::string out = "\"";
  const auto unit = [&](std::uint32_t c) {
    if (most_units == 0) return;
    --most_units;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c > 0x7e) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      out += static_cast<char>(c);
    }
  };
  for (std::size_t i = 0; i < utf8.size() && most_units > 0;) {
    const auto [c, size] = text::decode(as_bytes(utf8).data() + i);
    i += size;
    if (c >= 0x10000) {
      unit(0xd800 + ((c - 0x10000) >> 10));
      unit(0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
      unit(c);
    }
  }
  return out + '"';
}

/// True UTF-8, a lone surrogate as `?`: what Java's getBytes gives.
std::string java_utf8(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto [c, size] = text::decode(as_bytes(utf8).data() + i);
    c >= 0xd800 && c <= 0xdfff ? out += '?' : out += utf8.substr(i, size);
    i += size;
  }
  return out;
}

/// Prints one value. Numbers of compounds start anew with each.
class TypedPrinter {
 public:
  TypedPrinter(const KnownClasses& known, std::string& out) : known_(known), out_(out) {}

  void print(const Value& value) {
    switch (value.kind()) {
      case Kind::kNull:
        put("{{\"t\":\"null\"}}");
        break;
      case Kind::kBool:
        put("{{\"t\":\"bool\",\"v\":{}}}", value.as_bool());
        break;
      case Kind::kInt:
        put("{{\"t\":\"int\",\"v\":{}}}", value.as_int());
        break;
      case Kind::kLong:
        put("{{\"t\":\"long\",\"v\":\"{}\"}}", value.as_int());
        break;
      case Kind::kDate:
        put("{{\"t\":\"date_ms\",\"v\":\"{}\"}}", value.as_date_ms());
        break;
      case Kind::kDouble:
        print_double(value.as_double());
        break;
      case Kind::kString:
        print_string(value.as_string());
        break;
      case Kind::kBinary:
        print_binary(value.as_binary());
        break;
      default:
        print_compound(value);
    }
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void print_double(double value) {
    const std::uint64_t bits = std::isnan(value) ? 0x7ff8000000000000U : std::bit_cast<std::uint64_t>(value);
    put("{{\"t\":\"double\",\"v\":\"{}\",\"bits\":\"{:016x}\"}}", double_text(value), bits);
  }

  void print_string(std::string_view text) {
    constexpr std::size_t kShown = 600;
    const std::size_t units = text::measure(text).units;
    if (units <= kShown) return put("{{\"t\":\"string\",\"v\":{}}}", quoted_units(text));
    put("{{\"t\":\"string\",\"utf16_length\":{},\"head\":{},\"sha256_utf8\":\"{}\"}}", units, quoted_units(text, 16),
        sha256_hex(as_bytes(java_utf8(text))));
  }

  void print_binary(BytesView bytes) {
    constexpr std::size_t kShown = 64;
    if (bytes.size() <= kShown) return put("{{\"t\":\"bytes\",\"v\":\"{}\"}}", hex(bytes));
    put("{{\"t\":\"bytes\",\"length\":{},\"sha256\":\"{}\"}}", bytes.size(), sha256_hex(bytes));
  }

  void print_compound(const Value& value) {
    const auto [it, first] = ids_.try_emplace(value.identity(), ids_.size());
    if (!first) return put("{{\"t\":\"ref\",\"v\":{}}}", it->second);
    const auto head = [&](std::string_view kind, std::string_view java_class) {
      put("{{\"t\":\"{}\",\"id\":{},\"class\":{}", kind, it->second, quoted_units(java_class));
    };
    if (value.kind() == Kind::kList) {
      head("list", list_class(value.class_name()));
      print_list(value);
    } else if (value.kind() == Kind::kMap) {
      head("map", value.class_name().empty() ? "java.util.HashMap" : value.class_name());
      print_map(value);
    } else if (value.class_name() == kDecimal) {
      head("decimal", kDecimal);
      put(",\"v\":{}}}", quoted_units(value["value"].as_string()));
    } else if (known_.enums.contains(value.class_name())) {
      head("enum", value.class_name());
      put(",\"v\":{}}}", quoted_units(value["name"].as_string()));
    } else if (is_throwable(value)) {
      head("throwable", value.class_name());
      print_throwable(value);
    } else if (const auto jdk = jdk_text(value)) {
      head("other", jdk->java_class);
      put(",\"text\":{}}}", quoted_units(jdk->text));
    } else {
      head("object", value.class_name());
      print_fields(value);
    }
  }

  void print_list(const Value& value) {
    out_ += ",\"v\":[";
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out_ += ',';
      print(value.at(i));
    }
    out_ += "]}";
  }
  void print_map(const Value& value) {
    out_ += ",\"v\":[";
    for (std::size_t i = 0; i < value.size(); ++i) {
      out_ += i > 0 ? ",[" : "[";
      print(value.key(i));
      out_ += ',';
      print(value.at(i));
      out_ += ']';
    }
    out_ += "]}";
  }
  void print_fields(const Value& value) {
    out_ += ",\"v\":{";
    for (std::size_t i = 0; i < value.size(); ++i) {
      put("{}{}:", i > 0 ? "," : "", quoted_units(value.field_name(i)));
      print(value.at(i));
    }
    out_ += "}}";
  }
  void print_throwable(const Value& value) {
    const Value message = value["detailMessage"];
    const Value cause = value["cause"];
    put(",\"message\":{},\"frames\":{},\"cause\":", message.is_null() ? "null" : quoted_units(message.as_string()),
        value["stackTrace"].size());
    cause.is_null() || cause.same(value) ? void(out_ += "null") : print(cause);
    out_ += '}';
  }

  const KnownClasses& known_;
  std::string& out_;
  std::unordered_map<std::uint32_t, std::size_t> ids_;
};

class PlainPrinter {
 public:
  PlainPrinter(const KnownClasses& known, std::string& out) : known_(known), out_(out) {}

  void print(const Value& value) { print(value, {}); }

 private:
  /// Where a compound stands: in which other, and as which of its parts.
  struct Place {
    std::uint32_t parent = kRoot;
    std::string part;
  };
  static constexpr std::uint32_t kRoot = UINT32_MAX;

  void print(const Value& value, Place place) {
    switch (value.kind()) {
      case Kind::kNull:
        out_ += "null";
        break;
      case Kind::kBool:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Kind::kInt:
      case Kind::kLong:
        out_ += fmt::format("{}", value.as_int());
        break;
      case Kind::kDouble:
        print_double(value.as_double());
        break;
      case Kind::kDate:
        append_json_string(out_, Date{value.as_date_ms()}.to_string());
        break;
      case Kind::kString:
        append_json_string(out_, value.as_string());
        break;
      case Kind::kBinary:
        out_ += "{\"$bytes\":\"" + hex(value.as_binary()) + "\"}";
        break;
      default:
        print_compound(value, std::move(place));
    }
  }

  void print_double(double value) {
    std::isfinite(value) ? void(out_ += fmt::format("{}", value)) : append_json_string(out_, double_text(value));
  }

  void print_compound(const Value& value, Place place) {
    if (value.kind() == Kind::kObject) {
      if (value.class_name() == kDecimal) return append_json_string(out_, value["value"].as_string());
      if (known_.enums.contains(value.class_name())) return append_json_string(out_, value["name"].as_string());
      if (const auto jdk = jdk_text(value)) return append_json_string(out_, jdk->text);
    }
    if (!places_.try_emplace(value.identity(), std::move(place)).second) {
      out_ += "{\"$ref\":";
      append_json_string(out_, path(value.identity()));
      out_ += '}';
      return;
    }
    switch (value.kind()) {
      case Kind::kList:
        return print_list(value);
      case Kind::kMap:
        return print_map(value);
      default:
        return print_object(value);
    }
  }

  void print_list(const Value& value) {
    const bool typed = !value.class_name().empty();
    if (typed) member("{", "$type", value.class_name()), out_ += ",\"$list\":";
    out_ += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out_ += ',';
      print(value.at(i), {value.identity(), fmt::format("[{}]", i)});
    }
    out_ += typed ? "]}" : "]";
  }

  void print_map(const Value& value) {
    bool text_keys = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      text_keys = text_keys && value.key(i).kind() == Kind::kString && !value.key(i).as_string().starts_with('$');
    }
    bool first = true;
    const auto comma = [&] {
      if (!first) out_ += ',';
      first = false;
    };
    out_ += '{';
    if (!value.class_name().empty()) comma(), member("", "$type", value.class_name());
    if (!text_keys) comma(), out_ += "\"$entries\":[", first = true;
    for (std::size_t i = 0; i < value.size(); ++i) {
      comma();
      if (text_keys) {
        append_json_string(out_, value.key(i).as_string());
        out_ += ':';
      } else {
        out_ += '[';
        print(value.key(i), {value.identity(), fmt::format(".key({})", i)});
        out_ += ',';
      }
      print(value.at(i), {value.identity(),
                          text_keys ? fmt::format(".{}", value.key(i).as_string()) : fmt::format(".value({})", i)});
      if (!text_keys) out_ += ']';
    }
    out_ += text_keys ? "}" : "]}";
  }

  void print_object(const Value& value) {
    member("{", "$class", value.class_name());
    for (std::size_t i = 0; i < value.size(); ++i) {
      out_ += ',';
      append_json_string(out_, value.field_name(i));
      out_ += ':';
      print(value.at(i), {value.identity(), fmt::format(".{}", value.field_name(i))});
    }
    out_ += '}';
  }

  void member(std::string_view before, std::string_view name, std::string_view text) {
    out_ += before;
    append_json_string(out_, name);
    out_ += ':';
    append_json_string(out_, text);
  }

  std::string path(std::uint32_t identity) const {
    std::string made;
    for (std::uint32_t at = identity; at != kRoot;) {
      const Place& place = places_.at(at);
      made.insert(0, place.part);
      at = place.parent;
    }
    return "$" + made;
  }

  const KnownClasses& known_;
  std::string& out_;
  std::unordered_map<std::uint32_t, Place> places_;
};

void print(std::string& out, const Value& value, Notation notation, const KnownClasses& known) {
  notation == Notation::kTyped ? TypedPrinter(known, out).print(value) : PlainPrinter(known, out).print(value);
}

}  // namespace

const KnownClasses& KnownClasses::bank() {
  static const KnownClasses known{{"dev.sofa.bank.Currency"}};
  return known;
}

std::string to_json(const Value& value, Notation notation, const KnownClasses& known) {
  std::string out;
  print(out, value, notation, known);
  return out;
}

Result<std::string> print_stream(BytesView bytes, Notation notation, const KnownClasses& known, const Limits& limits) {
  SOFA_TRY(const auto values, read_values(bytes, limits));
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    print(out, values[i], notation, known);
  }
  return out + "]";
}

}  // namespace sofa::hessian
