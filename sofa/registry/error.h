// What of a registry fails.
#pragma once

#include "sofa/base/error.h"

namespace sofa::registry {

enum class RegistryError {
  kRequest = 1,  // what no registry is asked
  kTooMany,      // one client has more registrations than it may
  kNoServer,     // none answers
  kRefused,      // a server answered that it does not want this
  kFile,         // a file that is not what it should be
};
const ErrorPart& error_part(RegistryError);

}  // namespace sofa::registry
