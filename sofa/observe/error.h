// What of observe fails.
#pragma once

#include "sofa/base/error.h"

namespace sofa::observe {

enum class ObserveError {
  kCollector = 1,  // it did not take spans; retriable where it may take them later
  kFormat,         // figures that cannot be read
};
const ErrorPart& error_part(ObserveError);

}  // namespace sofa::observe
