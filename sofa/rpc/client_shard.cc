#include "sofa/rpc/client_shard.h"

#include "sofa/io/shard.h"
#include "sofa/rpc/client_pool.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/remote.h"

namespace sofa::rpc {

ClientShard::ClientShard(io::Shard& on, const BoltClientOptions& client_options) : shard(on), options(client_options) {}

ClientShard::~ClientShard() = default;

ClientPool& ClientShard::pool(const io::Address& address) {
  std::unique_ptr<ClientPool>& pool = pools_[address.to_string()];
  if (!pool) pool = std::make_unique<ClientPool>(*this, address);
  return *pool;
}

void ClientShard::drop(ClientPool& pool) {
  pools_.erase(pool.address().to_string());
}

void ClientShard::close(const Error& why) {
  for (const auto& [address, pool] : pools_) pool->close(why);
}

void ClientShard::hold(RemoteCall& call, CallHolder& holder, io::TimePoint deadline) {
  call.holder = &holder;
  call.timer.set(
      [](void* owner) noexcept {
        auto& expired = *static_cast<RemoteCall*>(owner);
        static_cast<CallHolder*>(expired.holder)->expire(expired);
      },
      &call);
  shard.timers().arm(call.timer, deadline);
}

void CallHolder::expire(RemoteCall& call) {
  forget(call);
  ++client_.counts.timeouts;
  call.fail(Error(Code::kClientTimeout, fmt::format("{} was not answered in time", call.method().name)));
}

}  // namespace sofa::rpc
