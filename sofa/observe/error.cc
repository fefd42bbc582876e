#include "sofa/observe/error.h"

namespace sofa::observe {

const ErrorPart& error_part(ObserveError) {
  static constexpr ErrorPart kPart{"observe", [](int) -> std::string_view { return "collector"; }};
  return kPart;
}

}  // namespace sofa::observe
