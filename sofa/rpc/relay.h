// Relay: stands in a slot for a service that runs in another process of this machine.
//
//   auto relay = std::make_shared<Relay>(client, shards, key, "module 'accounts' 1.0.0");
//   relay->lead_to(address);                 // from now on calls go there
//   relay->lead_nowhere("it ended …");       // they fail, retriably, with that reason
//
// A call that came over Bolt is passed on as it came, and so is its answer: only ids and the time left are written
// anew. A call of this process goes there from its own reference (RelayedRemote), with the types that it has.
// Ownership: `client` and `shards` outlive it. Threads: lead_to, lead_nowhere from any; calls on a shard.
// Errors of calls: as of any call over Bolt, but that a lost connection names whose process it was.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "sofa/io/address.h"
#include "sofa/io/task.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/method.h"

namespace sofa::rpc {

class ServerCall;

class Relay {
 public:
  /// `owner`: whose process it is, for errors.
  Relay(BoltClient& client, io::Shards& shards, ServiceKey key, std::string owner);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  void lead_to(io::Address address);
  void lead_nowhere(std::string why);

  /// With one method, which stands for all. Lives as long as the relay.
  const Interface& interface() const { return interface_; }
  const ServiceKey& key() const { return key_; }

  struct Target {
    std::uint64_t number;  // never the same again
    io::Address address;
    std::shared_ptr<Remote> remote;  // for frames
  };
  /// Throws where it leads nowhere.
  std::shared_ptr<const Target> target() const;
  /// The failure of a call that went to `number`, as its caller is to see it.
  Error explain(Error error) const;

 private:
  static void serve(void* relay, ServerCall& call);
  static Task<void> pass_on(std::shared_ptr<const Target> target, const Relay& relay, ServerCall& call, Bytes frame);
  void lead(std::shared_ptr<const Target> target, std::string why);

  BoltClient& client_;
  io::Shards& shards_;
  const ServiceKey key_;
  const std::string owner_;
  const std::array<Method, 1> any_method_;
  const Interface interface_;
  std::shared_ptr<const BoltRequests> requests_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Target> target_;
  std::string why_nowhere_ = "it is not started yet";
};

/// The typed side of one reference: where its calls go while a relay stands in its slot.
class RelayedRemote {
 public:
  RelayedRemote(BoltClient& client, io::Shards& shards, BoltClient::Target target);
  ~RelayedRemote();
  /// To the relay's process as it is now.
  std::shared_ptr<Remote> of(const Relay& relay) const;

 private:
  struct Known {
    std::uint64_t number = 0;
    std::shared_ptr<Remote> remote;
  };
  BoltClient& client_;
  io::Shards& shards_;
  const BoltClient::Target target_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const BoltRequests> requests_;
  mutable std::array<Known, 2> known_;  // two, for while a version is on trial beside another
};

}  // namespace sofa::rpc
