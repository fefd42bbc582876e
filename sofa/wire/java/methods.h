// The methods of an interface, those of its parents too, with the generics of the parents resolved.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sofa/wire/java/facade.h"

namespace sofa::java {

std::vector<Method> methods_of(const Library& library, const ClassFile& interface);
/// Gives methods and parameters their C++ names; overloads share one.
void name_methods(std::vector<Method>& methods);

/// Tells data from what cannot travel: callbacks, streams, classes that are not Serializable.
class DataCheck {
 public:
  explicit DataCheck(const Library& library) : library_(library) {}

  /// What a method takes or gives that is no data, as text; empty where there is nothing.
  std::string not_data(const std::vector<Method>& methods);

 private:
  std::string not_data(const Type& type);
  bool is_data(const std::string& java);

  const Library& library_;
  std::map<std::string, bool> known_;
};

}  // namespace sofa::java
