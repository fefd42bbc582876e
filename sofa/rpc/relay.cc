#include "sofa/rpc/relay.h"

#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "sofa/io/async.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/server_call.h"
#include "sofa/rpc/service.h"
#include "sofa/wire/bolt/frame.h"

namespace sofa::rpc {
namespace {

std::atomic<std::uint64_t> last_number{0};

/// Lets its connections go on every shard that has some.
void release(io::Shards& shards, std::shared_ptr<Remote> remote) {
  if (!remote) return;
  for (int i = 0; i < shards.serving(); ++i) {
    shards[i].post([remote] { remote->release(); });
  }
}

}  // namespace

Relay::Relay(BoltClient& client, io::Shards& shards, ServiceKey key, std::string owner)
    : client_(client),
      shards_(shards),
      key_(std::move(key)),
      owner_(std::move(owner)),
      any_method_{Method{.name = "*", .signatures = {}, .index = 0, .is_relayed = true, .serve = &serve}},
      interface_{.name = key_.interface, .methods = any_method_, .is_relayed = true} {
  Result<std::shared_ptr<const BoltRequests>> requests =
      client_.make_requests({.address = {}, .key = key_, .interface = &interface_, .timeout = std::chrono::minutes(1)});
  if (!requests) requests.error().raise();
  requests_ = *std::move(requests);
}

Relay::~Relay() {
  if (target_) release(shards_, target_->remote);
}

void Relay::lead_to(io::Address address) {
  std::shared_ptr<Remote> remote = client_.make_remote(address, requests_);
  lead(std::make_shared<const Target>(Target{++last_number, std::move(address), std::move(remote)}), {});
}

void Relay::lead_nowhere(std::string why) {
  lead(nullptr, std::move(why));
}

void Relay::lead(std::shared_ptr<const Target> target, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    target_.swap(target);
    why_nowhere_ = std::move(why);
  }
  if (target) release(shards_, target->remote);
}

std::shared_ptr<const Relay::Target> Relay::target() const {
  const std::lock_guard lock(mutex_);
  if (target_) return target_;
  throw Error(Code::kClientNetwork,
              fmt::format("{} of {} runs in a process of its own, which is not there: {}. The call was not sent",
                          key_.to_string(), owner_, why_nowhere_),
              Retriable::kYes);
}

Error Relay::explain(Error error) const {
  if (!error.is(Code::kClientNetwork)) return error;
  return Error(Code::kClientNetwork,
               fmt::format("{} of {} runs in a process of its own: {}", key_.to_string(), owner_, error.message()),
               error.retriable() ? Retriable::kYes : Retriable::kNo);
}

void Relay::serve(void* relay, ServerCall& call) {
  const auto& self = *static_cast<const Relay*>(relay);
  std::shared_ptr<const Target> target;
  try {
    target = self.target();
  } catch (const Error&) {
    return call.answer_exception(std::current_exception());
  }
  // The request outlives the bytes that it came in: its connection may have to be made first.
  const BytesView frame = call.frame().bytes;
  Bytes kept(frame.begin(), frame.end());
  call.keep();
  start_detached(pass_on(std::move(target), self, call, std::move(kept)), &call.context());
}

Task<void> Relay::pass_on(std::shared_ptr<const Target> target, const Relay& relay, ServerCall& call, Bytes frame) {
  static const CallOptions kAnswered{}, kOneway{.oneway = true};
  constexpr bolt::Limits kOfWhoReadIt{.content_bytes = INT32_MAX};
  bolt::FrameView request;
  (void)bolt::decode(frame, kOfWhoReadIt, request);
  const bolt::FrameView* answer = nullptr;
  const bool is_oneway = request.head.type == bolt::FrameType::kOneway;
  const auto ask = [&]() -> Task<void> {
    RemoteCall passed(*target->remote, relay.any_method_.front(), is_oneway ? kOneway : kAnswered, &request, &answer);
    co_await passed;
    // The answer is in the buffer of the connection that it came by, and leaves from there before anything else is
    // read.
    if (answer) call.answer_frame(*answer);
  };
  const Result<void> asked = co_await as_result(ask());
  if (!asked) co_return call.answer_exception(exception_of(relay.explain(asked.error())));
  if (!answer) call.answer(&detail::encode_value<void>, nullptr);  // oneway: it ends, nobody is answered
}

RelayedRemote::RelayedRemote(BoltClient& client, io::Shards& shards, BoltClient::Target target)
    : client_(client), shards_(shards), target_(std::move(target)) {}

RelayedRemote::~RelayedRemote() {
  for (Known& each : known_) release(shards_, std::move(each.remote));
}

std::shared_ptr<Remote> RelayedRemote::of(const Relay& relay) const {
  const std::shared_ptr<const Relay::Target> target = relay.target();
  std::shared_ptr<Remote> replaced;
  const std::lock_guard lock(mutex_);
  for (const Known& each : known_) {
    if (each.number == target->number) return each.remote;
  }
  if (!requests_) {
    Result<std::shared_ptr<const BoltRequests>> requests = client_.make_requests(target_);
    if (!requests) requests.error().raise();
    requests_ = *std::move(requests);
  }
  Known& oldest = known_[0].number < known_[1].number ? known_[0] : known_[1];
  replaced = std::exchange(oldest.remote, client_.make_remote(target->address, requests_));
  oldest.number = target->number;
  release(shards_, std::move(replaced));
  return oldest.remote;
}

}  // namespace sofa::rpc
