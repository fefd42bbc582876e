#include "sofa/wire/java/type.h"

#include <algorithm>
#include <utility>

namespace sofa::java {
namespace {

constexpr std::pair<char, std::string_view> kPrimitives[] = {{'B', "byte"},  {'C', "char"},    {'D', "double"},
                                                             {'F', "float"}, {'I', "int"},     {'J', "long"},
                                                             {'S', "short"}, {'Z', "boolean"}, {'V', "void"}};

/// One pass over a descriptor or signature. After an error everything gives empty types and the position stays.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == text_.size(); }
  bool next_is(char c) const { return ok_ && at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }
  void expect(char c) { ok_ = take(c) && ok_; }

  Type type(int depth = 0) {
    if (depth > kDeepest) ok_ = false;
    if (!ok_ || at_end()) return failed();
    const char c = text_[at_++];
    for (auto [letter, word] : kPrimitives) {
      if (letter == c) return {Type::Kind::kPrimitive, std::string(word), {}};
    }
    if (c == 'L') return class_name(depth);
    if (c == 'T') {
      Type variable{Type::Kind::kVariable, std::string(until(";")), {}};
      expect(';');
      return variable;
    }
    if (c != '[') return failed();
    Type array{Type::Kind::kArray, {}, {}};
    array.arguments.push_back(type(depth + 1));
    return array;
  }

  /// `<T:Ljava/lang/Object;U::Ljava/util/List;>`, or nothing.
  std::vector<Variable> variables() {
    std::vector<Variable> all;
    if (!take('<')) return all;
    while (ok_ && !take('>')) {
      Variable variable{std::string(until(":")), class_type("java.lang.Object")};
      bool first = true;
      while (take(':')) {
        if (next_is(':')) continue;  // no class bound, an interface follows
        Type bound = type(1);
        if (std::exchange(first, false)) variable.bound = std::move(bound);
      }
      if (first) ok_ = false;
      all.push_back(std::move(variable));
    }
    return all;
  }

  Type failed() {
    ok_ = false;
    return class_type("java.lang.Object");
  }

 private:
  std::string_view until(std::string_view ends) {
    const std::size_t end = text_.find_first_of(ends, at_);
    if (end == std::string_view::npos || end == at_) {
      ok_ = false;
      return {};
    }
    const std::string_view name = text_.substr(at_, end - at_);
    at_ = end;
    ok_ = ok_ && is_harmless(name);
    return name;
  }

  /// After the L: `java/util/Map$Entry<K;V;>;`, or with the arguments of an enclosing class: `a/B<TT;>.C;`.
  Type class_name(int depth) {
    Type made{Type::Kind::kClass, dotted(until("<;.")), {}};
    for (;;) {
      if (take('<')) {
        made.arguments.clear();
        while (ok_ && !take('>')) made.arguments.push_back(argument(depth + 1));
      }
      if (!take('.')) break;
      made.name += '$';
      made.name += until("<;.");
      made.arguments.clear();
    }
    expect(';');
    return made;
  }

  Type argument(int depth) {
    if (take('*')) return class_type("java.lang.Object");
    if (!take('+')) take('-');
    return type(depth);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

template <class T>
Result<T> done(const Parser& parser, T parsed, std::string_view text) {
  if (!parser.ok() || !parser.at_end()) {
    return fail(JavaError::kBadType, "'{}' is no descriptor or signature", is_harmless(text) ? text : "?");
  }
  return parsed;
}

}  // namespace

Type class_type(std::string_view name) {
  return {Type::Kind::kClass, std::string(name), {}};
}

Result<Type> parse_type(std::string_view text) {
  Parser parser(text);
  Type type = parser.type();
  return done(parser, std::move(type), text);
}

Result<MethodType> parse_method(std::string_view text) {
  Parser parser(text);
  MethodType method;
  method.variables = parser.variables();
  parser.expect('(');
  while (parser.ok() && !parser.take(')')) method.parameters.push_back(parser.type());
  method.result = parser.type();
  while (parser.take('^')) method.throws.push_back(parser.type());
  return done(parser, std::move(method), text);
}

Result<ClassType> parse_class(std::string_view text) {
  Parser parser(text);
  ClassType type;
  type.variables = parser.variables();
  while (parser.ok() && !parser.at_end()) type.parents.push_back(parser.type());
  return done(parser, std::move(type), text);
}

std::string runtime_name(const Type& erased) {
  if (erased.kind != Type::Kind::kArray) return erased.name;
  std::string name;
  const Type* element = &erased;
  for (; element->kind == Type::Kind::kArray; element = &element->arguments[0]) name += '[';
  if (element->kind != Type::Kind::kPrimitive) return name + "L" + element->name + ";";
  for (auto [letter, word] : kPrimitives) {
    if (word == element->name) name += letter;
  }
  return name;
}

std::string dotted(std::string_view name) {
  std::string made(is_harmless(name) ? name : std::string_view());
  std::replace(made.begin(), made.end(), '/', '.');
  return made;
}

bool is_harmless(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || byte == 0xc0 || c == '"' || c == '\\';
  });
}

}  // namespace sofa::java
