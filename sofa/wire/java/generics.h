// What type variables stand for: a generic class, seen from where it is used.
//
//   Bindings bindings = bind(page, *parse_type("Ldev/sofa/Page<Ldev/sofa/Order;>;"));   // class Page<T>
//   substitute(*parse_type("Ljava/util/List<TT;>;"), bindings)                          // List<dev.sofa.Order>
//
// A substituted type has at most 256 parts: what would grow beyond them is Object, so that no pair of signatures
// multiplies.
#pragma once

#include <map>
#include <string>

#include "sofa/wire/java/class_file.h"
#include "sofa/wire/java/type.h"

namespace sofa::java {

using Bindings = std::map<std::string, Type, std::less<>>;

/// `type` with its variables replaced; one that is unbound is Object.
Type substitute(const Type& type, const Bindings& bindings);
/// Adds what variables are that nobody binds: their bounds, without arguments, since those may name the variable
/// itself.
void bind_to_bounds(const std::vector<Variable>& variables, Bindings& bindings);

/// The variables and parents of a class; of one without generics, what its descriptors say.
ClassType class_type_of(const ClassFile& file);
/// The variables of `file` as the type `use` binds them.
Bindings bind(const ClassFile& file, const Type& use);

}  // namespace sofa::java
