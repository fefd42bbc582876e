// What can be wrong with Hessian bytes, or between them and the C++ type that should take them.
#pragma once

#include "sofa/base/error.h"

namespace sofa::hessian {

enum class HessianError {
  kTruncated = 1,  ///< the input ends inside a value
  kBadTag,         ///< a byte that starts no value of this dialect, or none that may stand here
  kBadText,        ///< a string whose bytes are not 1 to 3 byte units
  kLimit,          ///< depth, length, count or number of values beyond the reader's Limits
  kBadReference,   ///< a reference, class or type number that nothing before it has
  kMismatch,       ///< a well-formed value of another kind than the C++ type takes
  kUnregistered,   ///< an object of a class that this slot does not build
  kRange,          ///< a number that the C++ type cannot hold
  kBadJson,        ///< JSON that cannot become a value
};

const ErrorPart& error_part(HessianError);

}  // namespace sofa::hessian
