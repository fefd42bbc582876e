#include "sofa/rpc/server_shard.h"

#include "sofa/observe/telemetry.h"
#include "sofa/rpc/server_call_bolt.h"

namespace sofa::rpc {

ServerShard::ServerShard(io::Shard& on, const ServiceTable& table, const BoltServerOptions& server_options)
    : shard(on),
      options(server_options),
      observer(options.telemetry ? &options.telemetry->of(on) : nullptr),
      services(table) {}

ServerShard::~ServerShard() {
  // Calls whose handlers were destroyed instead of finished: the process ends.
  for (const auto& call : calls_) {
    if (call->service_) call->let_go();
  }
}

BoltServerCall& ServerShard::take_call() {
  if (free_.empty()) [[unlikely]] {
    calls_.push_back(std::make_unique<BoltServerCall>(*this));
    free_.reserve(calls_.capacity());
    return *calls_.back();
  }
  BoltServerCall* call = free_.back();
  free_.pop_back();
  return *call;
}

void ServerShard::give_back(BoltServerCall& call) {
  free_.push_back(&call);
}

}  // namespace sofa::rpc
