// A facade: the services of some interfaces and all classes that their methods reach, in an order in which C++ can
// declare them. What header_writer.h writes down.
//
//   SOFA_TRY(Facade facade, Facade::of(library, {.interfaces = {"dev.sofa.bank.AccountService"}}));
//   facade.services()[0].methods[0].name          // "transfer"
//   facade.kinds()[facade.find("dev.sofa.bank.Leg")].fields
//
// A class becomes one struct with its parents' fields behind its own, as Java's Hessian writer orders them; a declared
// type with subclasses in the jar a choice among those; what cannot be a C++ type stays a Value, with the reason.
// Ownership: points into the Library. Bounded by what the library holds.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/wire/java/library.h"
#include "sofa/wire/java/names.h"
#include "sofa/wire/java/type.h"

namespace sofa::java {

struct Field {
  std::string java;
  std::string cpp;
  Type type;
  Type erased;  ///< as the descriptor has it
};

/// A type variable of a generic class, and the template parameter that it is.
struct Parameter {
  std::string java;
  std::string cpp;
};

/// A class as C++ has it.
struct Kind {
  enum class Form {
    kStruct,
    kEnum,
    kException,
    kChoice,  ///< one of `members`
    kValue,   ///< no type of its own: `why`
  };
  Form form = Form::kValue;
  std::string java = {};
  std::string cpp = {};
  std::string why = {};                   ///< of a value; of others what is lost, or nothing
  std::vector<Parameter> variables = {};  ///< of a generic struct
  std::vector<Field> fields = {};
  std::vector<std::string> constants = {};  ///< of an enum
  std::vector<int> members = {};  ///< of a choice; of an exception its parent, where that is no class of the JDK
  bool and_others = false;        ///< of a choice: subclasses that are no structs come as Value
  bool recursive = false;         ///< can hold itself, so it is always held by pointer
  bool pointed_at = false;        ///< named before it is defined
  int group = 0;                  ///< kinds that hold each other have the same
  std::vector<int> uses = {};     ///< what has to be defined before
};

struct Method {
  std::string java;
  std::string cpp;
  std::vector<Field> parameters;
  Type result;
  std::vector<std::string> throws;
};
struct Service {
  std::string java;
  std::string cpp;
  std::vector<Method> methods;
  std::vector<int> throws;
  std::size_t left_out = 0;  ///< methods beyond what SOFA_SERVICE takes
};

class Facade {
 public:
  struct Choice {
    /// By their full names, or by the last words of them. None: all that look like a facade, which is public, not
    /// generic, every parameter and result something that Hessian carries.
    std::vector<std::string> interfaces = {};
    /// Of those that look like one, only the ones in this Java package or below it.
    std::string package = {};
  };
  /// Error: kUnknownName, kNothing.
  static Result<Facade> of(const Library& library, const Choice& choice);

  const std::vector<Service>& services() const { return services_; }
  const std::vector<Kind>& kinds() const { return kinds_; }
  /// Indices of kinds, each after what it uses; values are not among them.
  const std::vector<int>& order() const { return order_; }
  /// What a slot that is declared with that class holds. -1 for what no method reaches.
  int find(std::string_view java) const;
  /// Interfaces that were not taken, and what in them is no data.
  const std::vector<std::string>& passed_over() const { return passed_over_; }

 private:
  friend class FacadeBuilder;

  std::vector<Service> services_;
  std::vector<Kind> kinds_;
  std::vector<int> order_;
  std::map<std::string, int, std::less<>> slots_;
  std::vector<std::string> passed_over_;
};

}  // namespace sofa::java
