// Calls a bank by what `sofa import` made of its facade, with the bytes that the handwritten client sends.
#pragma once

#include <string>

#include "sofa/rpc/context.h"
#include "tests/interop/cpp_context.h"

namespace interop {

/// `run` makes the accounts' names new.
void check_imported(sofa::Context& context, const sofa::ReferenceOptions& target, const std::string& run,
                    const Check& check);

}  // namespace interop
