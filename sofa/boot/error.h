// What can go wrong with modules.
#pragma once

#include "sofa/base/error.h"

namespace sofa::boot {

enum class BootError {
  kFile = 1,      // the file cannot be read, is damaged, or is no module
  kIncompatible,  // of another abi or toolchain
  kManifest,      // says something that does not hold
  kUnresolved,    // requirements that are missing, or wait for one another
  kFailed,        // threw while it started, was checked or stopped
  kTimeout,       // did not come to an end in its time
  kState,         // not possible in the state that it is in
  kUnknown,       // no such module
  kPinned,        // taken out, but something keeps its code in memory
  kCrashed        // its process ended
};
const ErrorPart& error_part(BootError);

}  // namespace sofa::boot
