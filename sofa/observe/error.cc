#include "sofa/observe/error.h"

namespace sofa::observe {

const ErrorPart& error_part(ObserveError) {
  static constexpr ErrorPart kPart{"observe", [](int code) -> std::string_view {
                                     return code == static_cast<int>(ObserveError::kFormat) ? "format" : "collector";
                                   }};
  return kPart;
}

}  // namespace sofa::observe
