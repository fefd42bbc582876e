// The applications that this binary can run (`sofa serve`). One is a row of the table in application.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sofa/base/error.h"

namespace sofa {
class Context;
}

namespace sofa::cli {

struct Application {
  std::string_view name;
  std::string_view what;
  /// Publishes its services; what it made belongs to the context from then on.
  void (*publish)(Context& context);
};

std::span<const Application> applications();
/// Error: CliError::kUnknownKind, naming those that exist.
Result<const Application*> find_application(std::string_view name);

}  // namespace sofa::cli
