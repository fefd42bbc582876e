// What toString() of the JDK's classes gives, for values that stand for them. Inside this folder only.
#pragma once

#include <optional>
#include <string>

#include "sofa/wire/hessian/value.h"

namespace sofa::hessian {

struct JdkText {
  std::string java_class;  ///< the class in memory: java.time.LocalDate for its handle
  std::string text;
};
/// Null for values that are no such class. java.sql's dates are in UTC.
std::optional<JdkText> jdk_text(const Value& value);

}  // namespace sofa::hessian
