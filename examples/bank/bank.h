// The bank as an application: what `sofa serve examples/bank/bank.yaml` runs.
#pragma once

#include "sofa/rpc/context.h"

namespace bank {

/// Publishes accounts and echo. Where they listen is the context's configuration.
void publish(sofa::Context& context);

}  // namespace bank
