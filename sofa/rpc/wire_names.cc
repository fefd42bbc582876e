#include "sofa/rpc/wire_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sofa::rpc {

std::string wire_names_of(const Interface& interface) {
  std::string text;
  for (const Method& method : interface.methods) {
    text += fmt::format("{}.{}({})\n", interface.name, method.name, fmt::join(method.signatures, ", "));
  }
  return text;
}

std::string wire_names_of(const hessian::ClassInfo& info) {
  std::vector<std::string_view> names;
  for (const hessian::Field& field : info.fields) names.push_back(field.name);
  return fmt::format("{} {{{}}}\n", info.java_class, fmt::join(names, ", "));
}

}  // namespace sofa::rpc
