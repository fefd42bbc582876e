#include "sofa/registry/error.h"

namespace sofa::registry {

const ErrorPart& error_part(RegistryError) {
  static constexpr ErrorPart kPart{"registry", [](int code) -> std::string_view {
                                     switch (static_cast<RegistryError>(code)) {
                                       case RegistryError::kRequest:
                                         return "request";
                                       case RegistryError::kTooMany:
                                         return "too_many";
                                       case RegistryError::kNoServer:
                                         return "no_server";
                                       case RegistryError::kRefused:
                                         return "refused";
                                       case RegistryError::kFile:
                                         return "file";
                                     }
                                     return {};
                                   }};
  return kPart;
}

}  // namespace sofa::registry
