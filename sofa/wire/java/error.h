// What can be wrong with a jar or a class file.
#pragma once

#include <cstdint>

#include "sofa/base/error.h"

namespace sofa::java {

enum class JavaError : std::uint8_t {
  kNotAJar = 1,  ///< no zip directory
  kDamaged,      ///< offsets, sizes, checksums or compressed bytes that do not fit
  kUnsupported,  ///< a zip of another kind: encrypted, in several volumes, of more than 4 GB
  kTooLarge,     ///< beyond the limits
  kNotAClass,    ///< no class file, or one that is cut off
  kBadClass,     ///< a class file that contradicts itself
  kBadType,      ///< a descriptor or signature that is none
  kUnknownName,  ///< an interface that is not there
  kNothing,      ///< no interface that looks like a facade
};

const ErrorPart& error_part(JavaError);

}  // namespace sofa::java
