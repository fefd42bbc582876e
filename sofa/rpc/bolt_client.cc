#include "sofa/rpc/bolt_client.h"

#include <utility>

#include "sofa/io/shard.h"
#include "sofa/rpc/bolt_remote.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

// What the names of a service may take of a frame's 32767 bytes of header; the rest is for the call's own entries.
constexpr std::size_t kMostNameBytes = 4096;

}  // namespace

BoltClient::BoltClient(io::Shards& shards, BoltClientOptions options) : shards_(shards), options_(options) {
  for (int i = 0; i < shards.size(); ++i) clients_.push_back(std::make_shared<ClientShard>(shards[i], options_));
}

BoltClient::~BoltClient() = default;

Result<std::shared_ptr<const BoltRequests>> BoltClient::make_requests(Target target) const {
  CallIdentity identity{.service = target.key.to_string(), .app = std::move(target.app)};
  if (identity.service.size() + identity.app.size() > kMostNameBytes) {
    return fail(Code::kClientSerialize, "the service's and the application's names take {} bytes, more than {}",
                identity.service.size() + identity.app.size(), kMostNameBytes);
  }
  const io::Duration timeout = target.timeout.count() > 0 ? target.timeout : options_.timeout;
  return std::make_shared<const BoltRequests>(std::move(identity), *target.interface, timeout,
                                              options_.trace_ids.get());
}

std::shared_ptr<Remote> BoltClient::make_remote(io::Address address,
                                                std::shared_ptr<const BoltRequests> requests) const {
  return std::make_shared<BoltRemote>(clients_, std::move(address), std::move(requests));
}

Result<std::shared_ptr<Remote>> BoltClient::make_remote(Target target) {
  io::Address address = std::move(target.address);
  SOFA_TRY(auto requests, make_requests(std::move(target)));
  return make_remote(std::move(address), std::move(requests));
}

void BoltClient::close() {
  for (const auto& client : clients_) {
    client->shard.post([client] { client->close(Error(Code::kClientNetwork, "the client was closed")); });
  }
}

BoltClientCounts<std::uint64_t> BoltClient::counts() const {
  BoltClientCounts<std::uint64_t> sum;
  for (const auto& client : clients_) client->counts.add_to(sum);
  return sum;
}

}  // namespace sofa::rpc
