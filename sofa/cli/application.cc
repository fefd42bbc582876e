#include "sofa/cli/application.h"

#include <fmt/format.h>

#include "examples/bank/bank.h"
#include "sofa/cli/command.h"

namespace sofa::cli {
namespace {

constexpr Application kApplications[] = {
    {"bank", "accounts and transfers, and an echo (examples/bank)", &bank::publish},
};

}  // namespace

std::span<const Application> applications() {
  return kApplications;
}

Result<const Application*> find_application(std::string_view name) {
  std::string names;
  for (const Application& application : kApplications) {
    if (application.name == name) return &application;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", application.name);
  }
  return fail(CliError::kUnknownKind, "this binary has no application '{}': it has {}", name, names);
}

}  // namespace sofa::cli
