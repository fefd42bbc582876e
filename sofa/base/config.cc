#include "sofa/base/config.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

#include "sofa/base/yaml.h"

namespace sofa::config {

namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr std::size_t kMaxHint = 64;  // longer keys are not compared: the distance is quadratic

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row[b.size()];
}

/// `, did you mean 'x'?` for the nearest candidate, or all candidates where none is near.
std::string hint(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (auto candidate : candidates) {
    if (word.size() > kMaxHint) break;
    if (const std::size_t d = distance(word, candidate); d < least) {
      least = d;
      best = candidate;
    }
  }
  if (!best.empty()) return fmt::format(", did you mean '{}'?", best);
  return fmt::format("; known are: {}", fmt::join(candidates, ", "));
}

std::string unit_of(std::string_view key) {
  for (std::string_view unit : {"bytes", "ms", "seconds"}) {
    if (key.size() > unit.size() && key.ends_with(unit) && key[key.size() - unit.size() - 1] == '_') {
      return fmt::format(" {}", unit);
    }
  }
  return {};
}

/// One text being read: walks tree and schema side by side and gathers problems.
class Reading {
 public:
  Reading(std::string_view file, std::vector<Problem>& problems) : file_(file), problems_(problems) {}

  void section(const Schema& schema, const yaml::Node& node, void* into) {
    if (node.kind != yaml::Kind::kMap && node.kind != yaml::Kind::kNull) {
      return problem(ConfigError::kWrongType, node.line, "expected a section of keys");
    }
    std::vector<std::string_view> seen;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto& [name, line] = node.keys[i];
      Descent down(*this, path_.empty() ? name : "." + name);
      const auto found = std::ranges::find(schema.keys(), name, &Key::name);
      if (found == schema.keys().end()) {
        problem(ConfigError::kUnknownKey, line, "unknown key" + hint(name, names(schema)));
      } else if (std::ranges::find(seen, name) != seen.end()) {
        problem(ConfigError::kDuplicateKey, line, "is given twice");
      } else {
        value(*found->type, found->limits, node.items[i], found->member(into), unit_of(name));
        seen.push_back(found->name);
      }
    }
    for (const Key& key : schema.keys()) {
      if (!key.limits.required || std::ranges::find(seen, key.name) != seen.end()) continue;
      Descent down(*this, path_.empty() ? std::string(key.name) : fmt::format(".{}", key.name));
      problem(ConfigError::kMissingKey, node.line, fmt::format("is required: {}", key.doc));
    }
  }

 private:
  /// A step down the path, taken back at the end of the scope.
  class Descent {
   public:
    Descent(Reading& reading, std::string_view step) : reading_(reading), size_(reading.path_.size()) {
      reading.path_.append(step.substr(0, kMaxHint));
    }
    ~Descent() { reading_.path_.resize(size_); }

   private:
    Reading& reading_;
    std::size_t size_;
  };

  static std::vector<std::string_view> names(const Schema& schema) {
    std::vector<std::string_view> all;
    for (const Key& key : schema.keys()) all.push_back(key.name);
    return all;
  }

  void problem(ConfigError code, int line, std::string message) {
    if (problems_.size() < kMaxProblems)
      problems_.push_back({code, std::string(file_), line, path_, std::move(message)});
  }
  void wrong_type(const yaml::Node& node, std::string_view expected) {
    problem(ConfigError::kWrongType, node.line,
            node.kind == yaml::Kind::kScalar ? fmt::format("expected {}, found '{}'", expected, node.text.substr(0, 64))
            : node.kind == yaml::Kind::kNull ? fmt::format("expected {}, found nothing", expected)
                                             : fmt::format("expected {}, found {}", expected,
                                                           node.kind == yaml::Kind::kList ? "a list" : "a section"));
  }

  template <class N>
  bool within(const Limits& limits, const yaml::Node& node, N number, std::string_view what, std::string_view unit) {
    if (limits.min && number < static_cast<N>(*limits.min)) {
      problem(ConfigError::kOutOfRange, node.line, fmt::format("{}{} is below {}{}", what, number, *limits.min, unit));
      return false;
    }
    if (limits.max && number > static_cast<N>(*limits.max)) {
      problem(ConfigError::kOutOfRange, node.line, fmt::format("{}{} is above {}{}", what, number, *limits.max, unit));
      return false;
    }
    return true;
  }

  void value(const Type& type, const Limits& limits, const yaml::Node& node, void* into, std::string_view unit) {
    switch (type.kind) {
      case Kind::kSection:
        return section(type.section(), node, into);
      case Kind::kOptional:
        if (node.kind == yaml::Kind::kNull) return;
        return value(*type.element_type(), limits, node, type.element(into, {}), unit);
      case Kind::kList:
        return list(type, limits, node, into, unit);
      case Kind::kMap:
        return map(type, limits, node, into, unit);
      default:
        return scalar(type, limits, node, into, unit);
    }
  }

  void list(const Type& type, const Limits& limits, const yaml::Node& node, void* into, std::string_view unit) {
    if (node.kind != yaml::Kind::kList) return wrong_type(node, "a list");
    if (!within(limits, node, static_cast<std::int64_t>(node.items.size()), "length ", "")) return;
    type.clear(into);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Descent down(*this, fmt::format("[{}]", i));
      value(*type.element_type(), {}, node.items[i], type.element(into, {}), unit);
    }
  }

  void map(const Type& type, const Limits& limits, const yaml::Node& node, void* into, std::string_view unit) {
    if (node.kind != yaml::Kind::kMap) return wrong_type(node, "a section of keys");
    if (!within(limits, node, static_cast<std::int64_t>(node.items.size()), "length ", "")) return;
    type.clear(into);
    std::vector<std::string_view> seen;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto& [name, line] = node.keys[i];
      Descent down(*this, "." + name);
      seen.push_back(name);
      value(*type.element_type(), {}, node.items[i], type.element(into, name), unit);
    }
    std::ranges::sort(seen);
    if (auto twice = std::ranges::adjacent_find(seen); twice != seen.end()) {
      problem(ConfigError::kDuplicateKey, node.line, fmt::format("'{}' is given twice", twice->substr(0, kMaxHint)));
    }
  }

  void scalar(const Type& type, const Limits& limits, const yaml::Node& node, void* into, std::string_view unit) {
    const std::string_view text = node.text;
    const bool plain = node.kind == yaml::Kind::kScalar && !node.quoted;
    if (type.kind == Kind::kText) {
      if (node.kind != yaml::Kind::kScalar) return wrong_type(node, "text");
      if (within(limits, node, static_cast<std::int64_t>(text.size()), "length ", "")) type.set_text(into, text);
    } else if (type.kind == Kind::kBool) {
      if (!plain || (text != "true" && text != "false")) return wrong_type(node, "true or false");
      type.set_integer(into, text == "true");
    } else if (type.kind == Kind::kEnum) {
      if (node.kind != yaml::Kind::kScalar) return wrong_type(node, "a name");
      if (!type.set_name(into, text)) {
        problem(ConfigError::kOutOfRange, node.line,
                fmt::format("'{}' is no such value{}", text.substr(0, kMaxHint), hint(text, type.names())));
      }
    } else {
      number(type, limits, node, into, unit);
    }
  }

  void number(const Type& type, const Limits& limits, const yaml::Node& node, void* into, std::string_view unit) {
    const char* begin = node.text.data();
    const char* end = begin + node.text.size();
    const bool plain = node.kind == yaml::Kind::kScalar && !node.quoted;
    if (type.kind == Kind::kReal) {
      double real = 0;
      const auto [stop, error] = std::from_chars(begin, end, real);
      if (!plain || stop != end || error != std::errc() || real - real != 0) return wrong_type(node, "a number");
      if (within(limits, node, real, "", unit)) type.set_real(into, real);
      return;
    }
    std::int64_t integer = 0;
    const auto [stop, error] = std::from_chars(begin, end, integer);
    if (!plain || stop != end || error == std::errc::invalid_argument) {
      return wrong_type(node, unit.empty() ? "an integer" : fmt::format("an integer of{}", unit));
    }
    if (error == std::errc::result_out_of_range) {
      return problem(ConfigError::kOutOfRange, node.line, node.text.substr(0, kMaxHint) + " is beyond 64 bits");
    }
    const Limits own{.min = type.min, .max = type.max};
    if (within(limits, node, integer, "", unit) && within(own, node, integer, "", unit))
      type.set_integer(into, integer);
  }

  std::string_view file_;
  std::vector<Problem>& problems_;
  std::string path_;
};

std::string limits_text(const Key& key) {
  const auto& [min, max, required] = key.limits;
  std::string text = min && max ? fmt::format("{} to {}", *min, *max)
                     : min      ? fmt::format("at least {}", *min)
                     : max      ? fmt::format("at most {}", *max)
                                : "";
  if (required) text += text.empty() ? "required" : ", required";
  return text;
}

void write_rows(const Schema& schema, const std::string& prefix, std::string& out) {
  for (const Key& key : schema.keys()) {
    std::string path = prefix + std::string(key.name);
    const Type* type = key.type;
    std::string type_text;
    for (; type->element_type != nullptr; type = type->element_type()) {
      if (type->kind == Kind::kList) path += "[]";
      if (type->kind == Kind::kMap) path += ".*";
      type_text += fmt::format("{}{}", type->name, type->kind == Kind::kOptional ? " " : " of ");
    }
    type_text += type->name;
    if (type->kind == Kind::kEnum) type_text += fmt::format(" {}", fmt::join(type->names(), ", "));
    const std::string_view standard = schema.default_of(key.name);
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", path, type_text,
                       standard.empty() ? "" : fmt::format("`{}`", standard), limits_text(key), key.doc);
    if (type->kind == Kind::kSection) write_rows(type->section(), path + ".", out);
  }
}

}  // namespace

const ErrorPart& error_part(ConfigError) {
  static const ErrorPart part{"config", [](int code) -> std::string_view {
                                constexpr std::string_view kNames[] = {"none",          "syntax",      "unknown_key",
                                                                       "duplicate_key", "missing_key", "wrong_type",
                                                                       "out_of_range",  "too_large"};
                                return kNames[code];
                              }};
  return part;
}

std::string Problem::to_string() const {
  return fmt::format("{}:{}: {}{}{}", file, line, path, path.empty() ? "" : ": ", message);
}

std::string_view Schema::default_of(std::string_view key) const noexcept {
  const auto found = std::ranges::find(defaults_, key, &std::pair<std::string, std::string>::first);
  return found == defaults_.end() ? std::string_view() : std::string_view(found->second);
}

namespace detail {

Schema make_schema(std::initializer_list<Key> keys, void* defaults) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const Key& key : keys) {
    assert(key.name.ends_with(key.type->key_suffix) && "a duration's key ends in its unit");
    if (key.type->show != nullptr) texts.emplace_back(key.name, key.type->show(key.member(defaults)));
  }
  return Schema(keys, std::move(texts));
}

std::vector<Problem> read(const Schema& schema, std::string_view text, std::string_view file, void* into) {
  std::vector<Problem> problems;
  yaml::Node root;
  root.line = 1;
  if (yaml::Failure failure; !yaml::parse(text, root, failure)) {
    problems.push_back({failure.too_large ? ConfigError::kTooLarge : ConfigError::kSyntax, std::string(file),
                        failure.line, "", std::move(failure.message)});
    return problems;
  }
  Reading(file, problems).section(schema, root, into);
  return problems;
}

Error to_error(const std::vector<Problem>& problems) {
  std::string message;
  for (const Problem& problem : problems) {
    if (!message.empty()) message += '\n';
    message += problem.to_string();
  }
  return Error(problems.front().code, std::move(message));
}

}  // namespace detail

std::string to_markdown(const Schema& schema) {
  std::string out = "| key | type | default | limits | what it does |\n| --- | --- | --- | --- | --- |\n";
  write_rows(schema, "", out);
  return out;
}

}  // namespace sofa::config
