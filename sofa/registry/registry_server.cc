#include "sofa/registry/registry_server.h"

#include "sofa/io/async.h"
#include "sofa/registry/java_session.h"

namespace sofa::registry {

RegistryServer::RegistryServer(io::Shards& shards, RegistryOptions options, Presence::Past past)
    : shards_(shards), home_(std::make_shared<RegistryHome>(shards[0], std::move(options), std::move(past))) {}

RegistryServer::~RegistryServer() = default;

Task<RegistryServer::Addresses> RegistryServer::open(Addresses at) {
  co_await switch_to(home_->shard);
  const auto make = [home = home_](io::Shard&, const io::ConnectionState*) {
    return std::make_unique<JavaSession>(home);
  };
  Result<std::unique_ptr<io::Acceptor>> java = io::Acceptor::listen(home_->shard, at.java, make, {});
  if (!java) java.error().raise();
  java_ = *std::move(java);
  at.java = java_->address();
  door_ = std::make_unique<HttpDoor>(home_, at.java.port);
  net::HttpServerOptions options;
  options.max_in_flight = options.max_connections;  // who watches is under way for as long as it does
  http_ = std::make_unique<net::HttpServer>(shards_, door_->router().handler(), options);
  at.http = co_await http_->start_listening(at.http);
  co_return at;
}

Task<void> RegistryServer::close(io::TimePoint deadline) {
  co_await switch_to(home_->shard);
  java_.reset();
  if (http_) co_await http_->stop(deadline);
}

}  // namespace sofa::registry
