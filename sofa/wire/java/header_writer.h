// A facade as the C++ header that a person would have written: values, exceptions, interfaces, and SOFA_SERVICE for
// them.
//
//   SOFA_TRY(const Facade facade, Facade::of(library, {}));
//   std::string header = write_header(facade, {.name_space = "bank", .source = "bank-facade.jar"});
//
// The header includes sofa/sdk.h and nothing of the facade's own. The same jar always gives the same text.
#pragma once

#include <string>

#include "sofa/wire/java/facade.h"

namespace sofa::java {

struct HeaderOptions {
  std::string name_space = {};  ///< empty: the last word of the first service's package
  std::string source = {};      ///< what the header says it was made of
};
std::string write_header(const Facade& facade, const HeaderOptions& options);

}  // namespace sofa::java
