#include "sofa/wire/java/methods.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sofa/wire/java/form.h"
#include "sofa/wire/java/generics.h"
#include "sofa/wire/java/jdk.h"

namespace sofa::java {
namespace {

constexpr std::size_t kMostParents = 1024;

Result<Method> method_of(const Member& member, Bindings bindings) {
  SOFA_TRY(MethodType erased, parse_method(member.type));
  MethodType type = erased;
  if (!member.signature.empty()) {
    if (auto parsed = parse_method(member.signature); parsed && parsed->parameters.size() == type.parameters.size()) {
      type = *std::move(parsed);
    }
  }
  bind_to_bounds(type.variables, bindings);
  Method made{.java = member.name,
              .cpp = {},
              .parameters = {},
              .result = substitute(type.result, bindings),
              .throws = member.throws};
  const bool named = member.parameters.size() == type.parameters.size();
  for (std::size_t i = 0; i < type.parameters.size(); ++i) {
    made.parameters.push_back({.java = named ? member.parameters[i] : std::string(),
                               .cpp = {},
                               .type = substitute(type.parameters[i], bindings),
                               .erased = erased.parameters[i]});
  }
  return made;
}

/// Class files rarely name parameters: then a class of one's own gives its name, and the others are values.
std::string name_of(const Field& parameter) {
  if (!parameter.java.empty()) return snake_case(parameter.java);
  const bool own = parameter.type.kind == Type::Kind::kClass && !is_jdk(parameter.type.name);
  return own ? snake_case(class_name(parameter.type.name)) : "value";
}

bool is_serializable(const Library& library, const ClassFile& file) {
  const std::vector<std::string> above = library.ancestors(file);
  return std::any_of(above.begin(), above.end(), [](const std::string& name) {
    return name == "java.io.Serializable" || name == "java.lang.Enum" || name == "java.lang.Throwable" ||
           (is_jdk(name) && (name.ends_with("Exception") || name.ends_with("Error")));
  });
}

}  // namespace

std::vector<Method> methods_of(const Library& library, const ClassFile& interface) {
  std::vector<Method> all;
  std::set<std::string> seen;  // by name and parameters, as Java overrides
  std::set<std::string> visited;
  std::vector<Type> queue{class_type(interface.name)};
  for (std::size_t i = 0; i < queue.size() && i < kMostParents; ++i) {
    const ClassFile* file = library.find(queue[i].name);
    if (file == nullptr || !visited.insert(file->name).second) continue;
    const Bindings bindings = bind(*file, queue[i]);
    for (const Member& member : file->methods) {
      const std::string key = member.name + member.type.substr(0, member.type.find(')') + 1);
      if (member.is(kStatic | kPrivate) || member.name.starts_with('<') || !seen.insert(key).second) continue;
      if (member.is(kVolatileOrBridge | kSynthetic)) continue;
      if (auto method = method_of(member, bindings)) all.push_back(*std::move(method));
    }
    for (const Type& parent : class_type_of(*file).parents) queue.push_back(substitute(parent, bindings));
  }
  return all;
}

void name_methods(std::vector<Method>& methods) {
  std::map<std::string, std::string> by_java;
  Scope scope;
  for (Method& method : methods) {
    auto [name, added] = by_java.try_emplace(method.java);
    if (added) name->second = scope.take(snake_case(method.java));
    method.cpp = name->second;
    Scope parameters;
    for (Field& parameter : method.parameters) parameter.cpp = parameters.take(name_of(parameter));
  }
}

bool DataCheck::is_data(const std::string& java) {
  if (find_jdk_type(java) || find_jdk_container(java) || java == "java.io.Serializable") return true;
  const ClassFile* file = library_.find(java);
  if (file == nullptr) return false;
  const Kind::Form form = form_of(library_, *file).form;
  if (form != Kind::Form::kChoice) return form != Kind::Form::kValue && is_serializable(library_, *file);
  return std::ranges::all_of(concrete_classes(library_, *file),
                             [&](const ClassFile* one) { return is_serializable(library_, *one); });
}

std::string DataCheck::not_data(const Type& type) {
  for (const Type& argument : type.arguments) {
    if (std::string why = not_data(argument); !why.empty()) return why;
  }
  if (type.kind != Type::Kind::kClass) return {};
  const auto [known, is_new] = known_.try_emplace(type.name);
  if (is_new) known->second = is_data(type.name);
  return known->second ? std::string() : type.name;
}

std::string DataCheck::not_data(const std::vector<Method>& methods) {
  for (const Method& method : methods) {
    std::string why = method.result.is_void() ? std::string() : not_data(method.result);
    for (const Field& parameter : method.parameters) {
      if (why.empty()) why = not_data(parameter.type);
    }
    if (!why.empty()) return fmt::format("{} has {}", method.java, why);
  }
  return {};
}

}  // namespace sofa::java
