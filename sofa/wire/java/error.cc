#include "sofa/wire/java/error.h"

namespace sofa::java {
namespace {

constexpr std::string_view kNames[] = {"?",           "not_a_jar", "damaged",  "unsupported",  "too_large",
                                       "not_a_class", "bad_class", "bad_type", "unknown_name", "nothing"};

std::string_view code_name(int code) {
  return kNames[code > 0 && code <= static_cast<int>(JavaError::kNothing) ? code : 0];
}

}  // namespace

const ErrorPart& error_part(JavaError) {
  static constexpr ErrorPart kPart{"java", code_name};
  return kPart;
}

}  // namespace sofa::java
