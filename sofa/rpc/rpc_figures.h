// What a context's servers and clients have counted, as figures for the exporter.
//
// Threads: that of `counters`.
#pragma once

#include <cstdint>

#include "sofa/base/counters.h"

namespace sofa::rpc {

class BoltClient;
class BoltServer;

void refresh_figures(Counters& counters, const BoltServer& server);
void refresh_figures(Counters& counters, const BoltClient& client);

}  // namespace sofa::rpc
