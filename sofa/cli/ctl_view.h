// What a running process answered to `sofa ctl`, as a person reads it.
#pragma once

#include "sofa/cli/admin_client.h"

namespace sofa::cli {

/// kTable: a list of objects, a column each key. kFields: an object, a line each. kText: as it came.
enum class CtlView { kModules, kModule, kEachModule, kPins, kHealthy, kStartup, kTable, kFields, kText };

/// Prints the answer to standard output, as it came with `as_json`; a refusal's reason to standard error. Gives the
/// exit code.
int print_answer(const AdminAnswer& answer, bool as_json, CtlView view);

}  // namespace sofa::cli
