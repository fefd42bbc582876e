#include "sofa/io/acceptor.h"

#include "sofa/base/fault.h"

namespace sofa::io {
namespace {

Result<Accepted> accept(Shard& shard, Handle listener) {
  if (SOFA_FAULT("accept-no-handles")) return fail(IoError::kNoHandles, "no descriptor is free");
  if (SOFA_FAULT("accept-broken")) return fail(IoError::kSystem, "the stream broke while it waited");
  return shard.env().net.accept(listener);
}

void adopt(Shard& shard, Accepted accepted, const ProtocolFactory& factory) {
  ++shard.counters().accepted;
  if (shard.connections() >= shard.options().most_connections) {
    ++shard.counters().refused_at_limit;
    return shard.env().net.close(accepted.handle);
  }
  auto peer = std::make_shared<Peer>();
  peer->address = std::move(accepted.peer);
  Connection::open(shard, accepted.handle, std::move(peer), factory(shard, nullptr));
}

}  // namespace

Acceptor::Acceptor(Shard& shard, Handle listener, ProtocolFactory factory, const Options& options)
    : shard_(shard),
      listener_(listener),
      factory_(std::make_shared<const ProtocolFactory>(std::move(factory))),
      options_(options),
      resume_(
          [](void* owner) noexcept {
            auto& self = *static_cast<Acceptor*>(owner);
            self.shard_.poller().modify(self.listener_, {.read = true}, static_cast<Watcher*>(&self));
          },
          this) {
  shard.poller().add(listener, {.read = true}, static_cast<Watcher*>(this));
}

Result<std::unique_ptr<Acceptor>> Acceptor::listen(Shard& shard, const Address& address, ProtocolFactory factory,
                                                   const Options& options) {
  SOFA_TRY(const Handle listener, shard.env().net.listen(address, options.listen));
  return std::unique_ptr<Acceptor>(new Acceptor(shard, listener, std::move(factory), options));
}

Acceptor::~Acceptor() {
  shard_.timers().cancel(resume_);
  shard_.poller().remove(listener_);
  shard_.env().net.close(listener_);
}

Address Acceptor::address() const {
  return shard_.env().net.local_address(listener_);
}

void Acceptor::on_event(const Poller::Event&) {
  constexpr int kMostAtOnce = 64;  // then the other connections have their turn
  for (int i = 0; i < kMostAtOnce; ++i) {
    Result<Accepted> accepted = accept(shard_, listener_);
    if (accepted) {
      place(*std::move(accepted));
    } else if (accepted.error().is(IoError::kNoHandles)) {
      return pause();
    } else if (accepted.error().is(IoError::kWouldBlock)) {
      return;
    }  // else a stream that broke while it waited
  }
}

// The stream stays in the listener's queue, so the listener stays readable: looking again at once would spin.
void Acceptor::pause() {
  ++shard_.counters().accept_failed;
  shard_.poller().modify(listener_, {}, static_cast<Watcher*>(this));
  shard_.timers().arm(resume_, shard_.now() + options_.pause);
}

void Acceptor::place(Accepted accepted) {
  Shard* to = options_.deal_to.empty() ? &shard_ : options_.deal_to[next_++ % options_.deal_to.size()];
  if (to == &shard_) return adopt(shard_, std::move(accepted), *factory_);
  to->post([to, factory = factory_, handle = accepted.handle, peer = std::move(accepted.peer)] {
    adopt(*to, {handle, peer}, *factory);
  });
}

}  // namespace sofa::io
