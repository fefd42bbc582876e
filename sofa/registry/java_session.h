// JavaSession: the connection of one client that speaks as Java's registry client does. As long as it stands, what it
// registered stands.
//
// Pushes are requests of ours, with ids of ours; each is answered, or taken to be lost after the push timeout. A client
// that says nothing for the idle time is closed. Threads: the home's shard.
#pragma once

#include <unordered_map>

#include "sofa/io/connection.h"
#include "sofa/registry/java_model.h"
#include "sofa/registry/registry_home.h"

namespace sofa::registry {

class JavaSession final : public io::Protocol, public Client {
 public:
  explicit JavaSession(std::shared_ptr<RegistryHome> home);
  ~JavaSession() override;

  void on_open(io::Connection& connection) override;
  std::size_t on_data(io::Connection& connection, BytesView data) override;
  void on_drained(io::Connection& connection) override;
  void on_closed(io::Connection& connection, const Error& why) override;
  bool quiescent() const override { return false; }  // its registrations are this shard's

  void push(Datum& datum, std::span<Subscriber* const> subscribers) override;
  bool is_ready() const override { return connection_ && connection_->writable(); }

 private:
  /// One push that is not answered yet.
  struct Told {
    std::vector<RegistId> subscribers;
    std::uint64_t version;
    io::TimePoint due;
  };

  void take(const bolt::FrameView& frame);
  void serve(const bolt::FrameView& frame);
  void take_answer(const bolt::FrameView& frame);
  RegisterResponse register_one(PublisherRegister& publisher);
  RegisterResponse register_one(const SubscriberRegister& subscriber);
  RegisterResponse register_one(const ConfiguratorRegister& configurator);
  void tell_configuration(const ConfiguratorRegister& configurator);
  void watch();
  void send();

  const std::shared_ptr<RegistryHome> kept_;  // a connection may outlive its server
  RegistryHome& home_;
  io::Connection* connection_ = nullptr;
  io::TimePoint last_heard_{};
  std::uint32_t next_id_ = 1;
  std::unordered_map<std::uint32_t, Told> told_;
  io::Timer watch_;
};

}  // namespace sofa::registry
