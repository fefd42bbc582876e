// Java's types in the words of C++: what a header says for a field, a parameter, a result.
//
//   CppTypes types(facade, {});
//   types.result(*parse_type("Ljava/math/BigDecimal;"))   // "std::optional<Decimal>"
//
// Where Java may have null, fields and results are std::optional; parameters and elements are plain. Where the declared
// type is another than the C++ type is called by, hessian::Declared says so.
// Names of sofa are short where the facade has no type of that name: used() are those that a header has to name first.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/wire/java/facade.h"

namespace sofa::java {

class CppTypes {
 public:
  /// `outside` is the namespace of the facade's types where they are named from outside; all names are long then.
  CppTypes(const Facade& facade, std::string_view outside);

  /// With its initial value, and a name: `std::int32_t code = 0`.
  std::string field(const Field& field, const std::vector<Parameter>& variables);
  std::string parameter(const Field& parameter);
  std::string result(const Type& type);
  /// A member of a choice: a struct, by pointer where it can hold itself.
  std::string alternative(const Kind& kind);
  /// What stands under a name of sofa: `Decimal`, or the whole of it.
  std::string name(std::string_view qualified);

  const std::set<std::string>& used() const { return used_; }

 private:
  /// A type as an element of others: never null.
  struct Plain {
    std::string text;
    std::string signature;  ///< what java_signature of it says
    bool java_lang = false;
    bool takes_null = false;
    bool is_ordered = false;  ///< can be a std::map's key
    bool is_class = true;     ///< can be derived from
  };

  Plain plain(const Type& type, const Type& erased);
  Plain plain(const Type& type);
  Plain primitive(const std::string& java);
  Plain variable(const Type& type, const Type& erased);
  Plain array(const Type& type, const Type& erased);
  Plain container(const Type& type);
  Plain kind(const Type& type);
  std::string nullable(const Plain& type) const;
  std::string declared(const std::string& text, std::string_view java);

  const Facade& facade_;
  std::string outside_;
  std::set<std::string, std::less<>> taken_;
  const std::vector<Parameter>* variables_ = nullptr;
  std::set<std::string> used_;
};

}  // namespace sofa::java
