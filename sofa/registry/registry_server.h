// RegistryServer: a registry in this process: the doors that clients come in by, on the first shard of a group.
//
//   RegistryServer server(shards, options);
//   co_await server.open({.java = {"0.0.0.0", 9600}, .http = {"0.0.0.0", 9603}});
//   …
//   co_await server.close(deadline);
//
// Ownership: destroy it when the shards no longer turn. Threads: open and close on a shard. Errors: open throws what
// kept it from listening.
#pragma once

#include <memory>

#include "sofa/io/acceptor.h"
#include "sofa/net/http_server.h"
#include "sofa/registry/http_door.h"

namespace sofa::registry {

class RegistryServer {
 public:
  struct Addresses {
    io::Address java{.host = "0.0.0.0", .port = 9600};
    io::Address http{.host = "0.0.0.0", .port = 9603};
  };

  RegistryServer(io::Shards& shards, RegistryOptions options, Presence::Past past = {});
  ~RegistryServer();

  /// Where it listens, with real ports.
  Task<Addresses> open(Addresses at);
  Task<void> close(io::TimePoint deadline);

  RegistryHome& home() { return *home_; }

 private:
  io::Shards& shards_;
  const std::shared_ptr<RegistryHome> home_;
  std::unique_ptr<io::Acceptor> java_;
  std::unique_ptr<HttpDoor> door_;
  std::unique_ptr<net::HttpServer> http_;
};

}  // namespace sofa::registry
