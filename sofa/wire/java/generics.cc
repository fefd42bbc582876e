#include "sofa/wire/java/generics.h"

#include <algorithm>
#include <utility>

namespace sofa::java {
namespace {

constexpr int kLargestType = 256;

int parts(const Type& type) {
  int sum = 1;
  for (const Type& argument : type.arguments) sum += parts(argument);
  return sum;
}

Type substituted(const Type& type, const Bindings& bindings, int& budget) {
  if (--budget < 0) return class_type("java.lang.Object");
  if (type.kind == Type::Kind::kVariable) {
    const auto found = bindings.find(type.name);
    if (found == bindings.end()) return class_type("java.lang.Object");
    budget -= parts(found->second);
    return budget < 0 ? class_type("java.lang.Object") : found->second;
  }
  Type made{type.kind, type.name, {}};
  for (const Type& argument : type.arguments) made.arguments.push_back(substituted(argument, bindings, budget));
  return made;
}

int depth(const Type& type) {
  int deepest = 0;
  for (const Type& argument : type.arguments) deepest = std::max(deepest, depth(argument));
  return deepest + 1;
}

}  // namespace

Type substitute(const Type& type, const Bindings& bindings) {
  int budget = kLargestType;
  Type made = substituted(type, bindings, budget);
  return budget < 0 || depth(made) > kDeepest ? class_type("java.lang.Object") : made;
}

void bind_to_bounds(const std::vector<Variable>& variables, Bindings& bindings) {
  for (const Variable& variable : variables) {
    Type bound = variable.bound.kind == Type::Kind::kVariable ? substitute(variable.bound, bindings)
                                                              : Type{variable.bound.kind, variable.bound.name, {}};
    if (bound.kind == Type::Kind::kArray) bound = class_type("java.lang.Object");
    bindings.insert_or_assign(variable.name, std::move(bound));
  }
}

ClassType class_type_of(const ClassFile& file) {
  if (!file.signature.empty()) {
    if (auto parsed = parse_class(file.signature); parsed && !parsed->parents.empty()) return *std::move(parsed);
  }
  ClassType plain;
  plain.parents.push_back(class_type(file.parent.empty() ? "java.lang.Object" : file.parent));
  for (const std::string& name : file.interfaces) plain.parents.push_back(class_type(name));
  return plain;
}

Bindings bind(const ClassFile& file, const Type& use) {
  Bindings bindings;
  const ClassType type = class_type_of(file);
  bind_to_bounds(type.variables, bindings);
  if (use.arguments.size() == type.variables.size()) {
    for (std::size_t i = 0; i < use.arguments.size(); ++i) bindings[type.variables[i].name] = use.arguments[i];
  }
  return bindings;
}

}  // namespace sofa::java
