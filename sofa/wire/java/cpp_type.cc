#include "sofa/wire/java/cpp_type.h"

#include <algorithm>

#include <fmt/format.h>

#include "sofa/wire/java/jdk.h"

namespace sofa::java {
namespace {

constexpr std::string_view kObject = "java.lang.Object";

/// Without generics, as a descriptor has it.
Type erase(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kPrimitive:
      return type;
    case Type::Kind::kVariable:
      return class_type(kObject);
    case Type::Kind::kClass:
      return class_type(type.name);
    case Type::Kind::kArray:
      break;
  }
  Type made = type;
  made.arguments[0] = erase(type.arguments[0]);
  return made;
}

/// The group in which Java's writer puts a field.
bool is_java_lang(const Type& erased) {
  return erased.kind == Type::Kind::kPrimitive ||
         (erased.kind == Type::Kind::kClass && erased.name.starts_with("java.lang.") && erased.name != kObject);
}

bool is_boxed(std::string_view java) {
  constexpr std::string_view kBoxed[] = {"Boolean", "Byte", "Short", "Integer", "Long", "Float", "Double", "Character"};
  return java.starts_with("java.lang.") && std::ranges::find(kBoxed, java.substr(10)) != std::end(kBoxed);
}

bool is_key(std::string_view cpp) {
  constexpr std::string_view kKeys[] = {"std::string", "sofa::Decimal", "sofa::BigInteger", "sofa::Date"};
  return std::ranges::find(kKeys, cpp) != std::end(kKeys);
}

}  // namespace

CppTypes::CppTypes(const Facade& facade, std::string_view outside) : facade_(facade), outside_(outside) {
  for (const Service& service : facade.services()) taken_.insert(service.cpp);
  for (const Kind& kind : facade.kinds()) {
    taken_.insert(kind.cpp);
    for (const Parameter& variable : kind.variables) taken_.insert(variable.cpp);
  }
}

std::string CppTypes::name(std::string_view qualified) {
  const std::string_view last = qualified.substr(qualified.rfind(':') + 1);
  if (!outside_.empty() || !qualified.starts_with("sofa::") || taken_.contains(last)) return std::string(qualified);
  used_.emplace(qualified);
  return std::string(last);
}

std::string CppTypes::declared(const std::string& text, std::string_view java) {
  return fmt::format("{}<{}, \"{}\">", name("sofa::hessian::Declared"), text, java);
}

std::string CppTypes::nullable(const Plain& type) const {
  return type.takes_null ? type.text : fmt::format("std::optional<{}>", type.text);
}

CppTypes::Plain CppTypes::plain(const Type& type) {
  return plain(type, erase(type));
}

CppTypes::Plain CppTypes::plain(const Type& type, const Type& erased) {
  switch (type.kind) {
    case Type::Kind::kPrimitive:
      return primitive(type.name);
    case Type::Kind::kVariable:
      return variable(type, erased);
    case Type::Kind::kArray:
      return array(type, erased);
    case Type::Kind::kClass:
      break;
  }
  if (find_jdk_container(type.name)) return container(type);
  const JdkType* known = find_jdk_type(type.name);
  if (known == nullptr) return kind(type);
  const bool boxed = is_boxed(type.name);
  return {.text = name(known->cpp),
          .signature = std::string(known->signature),
          .java_lang = known->signature.starts_with("java.lang.") && known->signature != kObject,
          .takes_null = known->takes_null,
          .is_ordered = boxed || is_key(known->cpp),
          .is_class = !boxed};
}

CppTypes::Plain CppTypes::primitive(const std::string& java) {
  return {.text = std::string(cpp_primitive(java)), .signature = java, .java_lang = true, .is_class = false};
}

/// A template's parameter can be any type, so only a slot around it can say what Java declares.
CppTypes::Plain CppTypes::variable(const Type& type, const Type& erased) {
  std::string text = name("sofa::hessian::Value");
  if (variables_ != nullptr) {
    const auto found = std::ranges::find(*variables_, type.name, &Parameter::java);
    if (found != variables_->end()) text = found->cpp;
  }
  return {.text = text, .signature = {}, .java_lang = !is_java_lang(erased), .is_class = false};
}

CppTypes::Plain CppTypes::array(const Type& type, const Type& erased) {
  const Type& element = type.arguments[0];
  const Type below = erased.kind == Type::Kind::kArray ? erased.arguments[0] : erase(element);
  const std::string signature = runtime_name(erased.kind == Type::Kind::kArray ? erased : erase(type));
  if (element.name == "byte" && element.kind == Type::Kind::kPrimitive) {
    return {.text = name("sofa::Bytes"), .signature = signature};
  }
  if (element.name == "char" && element.kind == Type::Kind::kPrimitive) {
    return {.text = name("sofa::hessian::CharArray"), .signature = signature};
  }
  Plain inner = plain(element, below);
  if (is_boxed(element.name)) inner.text = nullable(inner);
  if (inner.signature != runtime_name(below)) {
    inner.text = declared(inner.is_class ? inner.text : nullable(inner), runtime_name(below));
  }
  return {.text = fmt::format("{}<{}>", name("sofa::hessian::Array"), inner.text), .signature = signature};
}

CppTypes::Plain CppTypes::container(const Type& type) {
  using Form = JdkContainer::Form;
  const JdkContainer& known = *find_jdk_container(type.name);
  const Type object = class_type(kObject);
  const auto argument = [&](std::size_t i, std::size_t count) {
    return plain(type.arguments.size() == count ? type.arguments[i] : object);
  };
  std::string text;
  std::string signature(known.signature);
  if (known.form == Form::kList || known.form == Form::kNamedList) {
    const std::string element = argument(0, 1).text;
    text = known.form == Form::kList
               ? fmt::format("{}<{}>", name(known.cpp), element)
               : fmt::format("{}<std::vector<{}>, \"{}\">", name("sofa::hessian::Typed"), element, known.signature);
    return {.text = text, .signature = signature};
  }
  const Plain key = argument(0, 2);
  const std::string value = argument(1, 2).text;
  const std::string map = key.is_ordered ? "std::map" : name("sofa::hessian::Entries");
  if (known.form == Form::kMap && !key.is_ordered) signature = "java.util.List";  // what vectors of pairs are called
  if (known.form == Form::kMap) {
    text = fmt::format("{}<{}, {}>", map, key.text, value);
  } else if (!known.cpp.empty()) {
    text = fmt::format("{}<{}, {}>", name(known.cpp), key.text, value);
  } else {
    text = fmt::format("{}<{}<{}, {}>, \"{}\">", name("sofa::hessian::Typed"), map, key.text, value, known.signature);
  }
  return {.text = text, .signature = signature};
}

CppTypes::Plain CppTypes::kind(const Type& type) {
  const int index = facade_.find(type.name);
  const Kind* kind = index < 0 ? nullptr : &facade_.kinds()[static_cast<std::size_t>(index)];
  if (kind == nullptr || kind->form == Kind::Form::kValue) {
    return {.text = name("sofa::hessian::Value"), .signature = std::string(kObject), .takes_null = true};
  }
  std::string text = outside_.empty() ? kind->cpp : fmt::format("{}::{}", outside_, kind->cpp);
  if (kind->form == Kind::Form::kEnum) {
    return {.text = text, .signature = type.name, .is_ordered = true, .is_class = false};
  }
  if (!kind->variables.empty()) {
    const bool given = type.arguments.size() == kind->variables.size();
    std::string arguments;
    for (std::size_t i = 0; i < kind->variables.size(); ++i) {
      const Type argument = given ? type.arguments[i] : class_type(kObject);
      arguments += fmt::format("{}{}", i == 0 ? "" : ", ", plain(argument).text);
    }
    text += fmt::format("<{}>", arguments);
  }
  const bool by_pointer =
      kind->form == Kind::Form::kException || (kind->form == Kind::Form::kStruct && kind->recursive);
  if (by_pointer) text = fmt::format("std::shared_ptr<{}>", text);
  return {.text = text, .signature = type.name, .takes_null = by_pointer};
}

std::string CppTypes::field(const Field& field, const std::vector<Parameter>& variables) {
  variables_ = &variables;
  const Plain type = plain(field.type, field.erased);
  variables_ = nullptr;
  if (field.type.kind == Type::Kind::kPrimitive) {
    return fmt::format("{} {} = {}", type.text, field.cpp, field.type.name == "boolean" ? "false" : "0");
  }
  std::string text = nullable(type);
  if (type.java_lang != is_java_lang(field.erased)) text = declared(text, runtime_name(field.erased));
  return fmt::format("{} {}", text, field.cpp);
}

std::string CppTypes::parameter(const Field& parameter) {
  const Plain type = plain(parameter.type, parameter.erased);
  std::string text = is_boxed(parameter.type.name) ? nullable(type) : type.text;
  const std::string declared_as = runtime_name(parameter.erased);
  if (type.signature != declared_as) text = declared(type.is_class ? text : nullable(type), declared_as);
  return text;
}

std::string CppTypes::result(const Type& type) {
  if (type.is_void()) return "void";
  const Plain made = plain(type);
  return type.kind == Type::Kind::kPrimitive ? made.text : nullable(made);
}

std::string CppTypes::alternative(const Kind& kind) {
  return kind.recursive ? fmt::format("std::shared_ptr<{}>", kind.cpp) : kind.cpp;
}

}  // namespace sofa::java
