#include "sofa/wire/hessian/errors.h"

namespace sofa::hessian {

const ErrorPart& error_part(HessianError) {
  static constexpr ErrorPart kPart{"hessian", [](int code) -> std::string_view {
                                     switch (static_cast<HessianError>(code)) {
                                       case HessianError::kTruncated:
                                         return "truncated";
                                       case HessianError::kBadTag:
                                         return "bad_tag";
                                       case HessianError::kBadText:
                                         return "bad_text";
                                       case HessianError::kLimit:
                                         return "limit";
                                       case HessianError::kBadReference:
                                         return "bad_reference";
                                       case HessianError::kMismatch:
                                         return "mismatch";
                                       case HessianError::kUnregistered:
                                         return "unregistered";
                                       case HessianError::kRange:
                                         return "range";
                                       case HessianError::kBadJson:
                                         return "bad_json";
                                     }
                                     return "unknown";
                                   }};
  return kPart;
}

}  // namespace sofa::hessian
