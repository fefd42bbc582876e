#include "sofa/rpc/client_pool.h"

#include <algorithm>
#include <utility>

#include "sofa/base/fault.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/bolt_remote.h"
#include "sofa/rpc/client_connection.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {

ClientPool::ClientPool(ClientShard& shard, io::Address address)
    : CallHolder(shard),
      address_(std::move(address)),
      unused_([](void* self) noexcept { static_cast<ClientPool*>(self)->close_unused(); }, this) {}

ClientPool::~ClientPool() {
  if (unused_.armed()) client_.shard.timers().cancel(unused_);  // else the shard may be gone
}

void ClientPool::let_go() {
  if (--users_ == 0) client_.shard.timers().arm(unused_, client_.shard.now() + client_.options.unused);
}

void ClientPool::close_unused() {
  if (users_ > 0) return;
  const bool is_idle = waiting_.empty() && connecting_ == 0 &&
                       std::ranges::all_of(open_, [](const auto* connection) { return connection->quiescent(); });
  if (is_idle && open_.empty()) return client_.drop(*this);
  if (is_idle) {
    const auto open = open_;
    for (ClientConnection* connection : open) connection->close(Error(Code::kClientNetwork, "nobody uses it any more"));
  }
  client_.shard.timers().arm(unused_, client_.shard.now() + client_.options.unused);
}

Remote::Readiness ClientPool::readiness() const {
  if (!open_.empty()) return Remote::Readiness::kReady;
  if (connecting_ > 0) return Remote::Readiness::kConnecting;
  return last_failure_ && client_.shard.now() < retry_at_ ? Remote::Readiness::kUnreachable : Remote::Readiness::kIdle;
}

void ClientPool::prepare() {
  while (open_.size() + connecting_ < client_.options.connections && client_.shard.now() >= retry_at_) {
    connect_if_needed();
  }
}

ClientConnection* ClientPool::choose() {
  ClientConnection* preferred = std::exchange(preferred_, nullptr);
  for (std::size_t i = 0; i < open_.size(); ++i) {
    ClientConnection* connection = open_[next_++ % open_.size()];
    if (preferred && preferred->in_flight() <= connection->in_flight() && preferred->has_room()) return preferred;
    if (connection->has_room()) return connection;
  }
  return nullptr;
}

void ClientPool::start(RemoteCall& call, const BoltRequests& requests, io::TimePoint deadline) {
  if (open_.size() < client_.options.connections) connect_if_needed();
  if (waiting_.empty()) {
    if (ClientConnection* connection = choose()) return requests.send(call, *connection, deadline);
  }
  if (open_.empty() && connecting_ == 0) {
    return call.fail(
        Error(Code::kClientNetwork,
              fmt::format("no connection to {}: is the server up, and is this its address?", address_.to_string()),
              Retriable::kYes)
            .caused_by(*last_failure_));
  }
  if (waiting_.size() >= client_.options.max_waiting || SOFA_FAULT("client-queue-full")) {
    return call.fail(
        Error(Code::kClientUndeclared,
              fmt::format("{} calls wait already for a connection to {}", waiting_.size(), address_.to_string()),
              Retriable::kYes));
  }
  waiting_.push_back({&call, &requests, deadline});
  ++client_.counts.waiting;
  client_.hold(call, *this, deadline);
}

void ClientPool::forget(RemoteCall& call) {
  client_.shard.timers().cancel(call.timer);
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.call == &call; });
  --client_.counts.waiting;
}

void ClientPool::send_waiting() {
  while (!waiting_.empty()) {
    ClientConnection* connection = choose();
    if (!connection) return;
    const Waiting first = waiting_.front();
    forget(*first.call);
    first.requests->send(*first.call, *connection, first.deadline);
  }
}

void ClientPool::fail_waiting(const Error& why) {
  while (!waiting_.empty()) {
    RemoteCall& call = *waiting_.front().call;
    forget(call);
    call.fail(why);
  }
}

void ClientPool::connect_if_needed() {
  const io::TimePoint now = client_.shard.now();
  if (open_.size() + connecting_ >= client_.options.connections || now < retry_at_) return;
  ++connecting_;
  idle_connector().start(address_, now + client_.options.connect_timeout, std::make_unique<ClientConnection>(*this),
                         [this](Result<io::Connection*> opened) {
                           if (!opened) connect_failed(opened.error());
                         });
}

io::Connector& ClientPool::idle_connector() {
  for (const auto& connector : connectors_) {
    if (!connector->busy()) return *connector;
  }
  return *connectors_.emplace_back(std::make_unique<io::Connector>(client_.shard));
}

void ClientPool::connect_failed(const Error& why) {
  --connecting_;
  ++client_.counts.connect_failures;
  const io::Duration longer = std::max(client_.options.first_back_off, back_off_ * 2);
  back_off_ = std::min(longer, client_.options.last_back_off);
  // Spread over half of it, so that the clients of a provider that comes back do not all come at once.
  const auto half = static_cast<std::uint64_t>(back_off_.count()) / 2 + 1;
  retry_at_ = client_.shard.now() + back_off_ - io::Duration(client_.shard.env().random.next() % half);
  last_failure_ = why;
  if (!open_.empty() || connecting_ > 0) return;
  fail_waiting(Error(Code::kClientNetwork, fmt::format("cannot connect to {}", address_.to_string()), Retriable::kYes)
                   .caused_by(why));
}

void ClientPool::opened(ClientConnection& connection) {
  --connecting_;
  back_off_ = {};
  retry_at_ = {};
  open_.push_back(&connection);
  ++client_.counts.connections;
  send_waiting();
}

void ClientPool::close(const Error& why) {
  for (const auto& connector : connectors_) connector->cancel();
  connecting_ = 0;
  for (ClientConnection* connection : open_) connection->close(why);
  fail_waiting(why);
}

void ClientPool::closed(ClientConnection& connection) {
  if (std::erase(open_, &connection) == 0) return;
  --client_.counts.connections;
  if (open_.empty() && !waiting_.empty()) connect_if_needed();
}

}  // namespace sofa::rpc
