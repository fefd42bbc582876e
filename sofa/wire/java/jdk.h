// What the JDK's types are in C++: the other side of wire/hessian/{codec,containers,jdk}.h.
#pragma once

#include <string_view>

namespace sofa::java {

struct JdkType {
  std::string_view java;
  std::string_view cpp;
  std::string_view signature;  ///< what java_signature of the C++ type says
  bool takes_null = false;     ///< without std::optional
};
/// Null where there is none. Boxed types are there as what they box.
const JdkType* find_jdk_type(std::string_view java);

struct JdkContainer {
  std::string_view java;
  enum class Form { kList, kNamedList, kMap, kNamedMap } form;
  std::string_view cpp;  ///< a template; of the named ones empty, and written under `signature`
  std::string_view signature;
};
const JdkContainer* find_jdk_container(std::string_view java);

/// int, boolean, … ; empty where it is none.
std::string_view cpp_primitive(std::string_view java);
/// Classes of the JDK are in no jar.
bool is_jdk(std::string_view java);

}  // namespace sofa::java
