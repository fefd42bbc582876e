// Java's types as class files write them: descriptors (`[Ljava/lang/String;`) and signatures with generics
// (`Ljava/util/List<TT;>;`), JVMS 4.3 and 4.7.9.1.
//
//   SOFA_TRY(MethodType method, parse_method("(Ljava/util/List<Ldev/sofa/bank/Leg;>;)V"));
//   method.parameters[0].name            // "java.util.List"
//   method.parameters[0].arguments[0]    // dev.sofa.bank.Leg
//
// Class names are as Class.getName() has them, with dots, and `$` before nested ones: what the wire calls them.
// A text is bounded by its length and its nesting by kDeepest; names hold no character that C++ source could mistake.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/wire/java/error.h"

namespace sofa::java {

struct Type {
  enum class Kind : std::uint8_t {
    kPrimitive,  ///< name is the word: int, void
    kClass,      ///< name, and type arguments where they are given
    kVariable,   ///< name is the variable's
    kArray,      ///< of arguments[0]
  };
  Kind kind = Kind::kClass;
  std::string name;
  std::vector<Type> arguments;

  bool is(std::string_view class_name) const { return kind == Kind::kClass && name == class_name; }
  bool is_void() const { return kind == Kind::kPrimitive && name == "void"; }
};
Type class_type(std::string_view name);
inline constexpr int kDeepest = 32;

struct Variable {
  std::string name;
  Type bound;  ///< the first one
};

struct MethodType {
  std::vector<Variable> variables;
  std::vector<Type> parameters;
  Type result;
  std::vector<Type> throws;
};
struct ClassType {
  std::vector<Variable> variables;
  std::vector<Type> parents;  ///< superclass, then interfaces
};

Result<Type> parse_type(std::string_view text);
Result<MethodType> parse_method(std::string_view text);
Result<ClassType> parse_class(std::string_view text);

/// `[Ljava.lang.String;`, `int`, `java.util.List`: how SofaRequest names a parameter's type (Class.getName()). Of a
/// type parsed from a descriptor.
std::string runtime_name(const Type& erased);

/// `name` of a class file (`a/b/C`) with dots; empty where it is no name.
std::string dotted(std::string_view name);
/// Whether nothing in it could end a literal or a comment of C++.
bool is_harmless(std::string_view name);

}  // namespace sofa::java
