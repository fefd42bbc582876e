#include "sofa/io/connector.h"

#include "sofa/base/fault.h"

namespace sofa::io {
namespace {

Result<Handle> connect(Shard& shard, const Address& address) {
  if (SOFA_FAULT("connect-refused-at-once")) return fail(IoError::kRefused, "{} refused", address.to_string());
  return shard.env().net.connect(address);
}

}  // namespace

Connector::Connector(Shard& shard)
    : shard_(shard), timer_([](void* self) noexcept { static_cast<Connector*>(self)->on_timer(); }, this) {}

void Connector::start(const Address& address, TimePoint deadline, std::unique_ptr<Protocol> protocol, Done done) {
  assert(!busy());
  wanted_ = address;
  deadline_ = deadline;
  protocol_ = std::move(protocol);
  done_ = std::move(done);
  addresses_.clear();
  tried_ = 0;
  failed_ = false;
  error_.reset();
  shard_.timers().arm(timer_, deadline);
  if (address.is_unix) {
    addresses_.push_back(address);
    return try_next();
  }
  self_ = std::make_shared<Connector*>(this);
  shard_.env().resolver.resolve(address.host, address.port, deadline,
                                [self = self_](Result<std::vector<Address>> found) {
                                  Connector* connector = *self;
                                  if (!connector) return;
                                  connector->self_.reset();
                                  if (SOFA_FAULT("resolver-fails")) found = fail(IoError::kTimeout, "no answer");
                                  if (!found) return connector->fail_later(std::move(found).error());
                                  connector->addresses_ = *std::move(found);
                                  connector->try_next();
                                });
}

void Connector::cancel() {
  if (self_) *self_ = nullptr;
  self_.reset();
  drop_handle();
  shard_.timers().cancel(timer_);
  protocol_.reset();
  done_ = nullptr;
}

void Connector::drop_handle() {
  if (handle_ == Handle::kNone) return;
  shard_.poller().remove(handle_);
  shard_.env().net.close(handle_);
  handle_ = Handle::kNone;
}

void Connector::try_next() {
  while (tried_ < addresses_.size()) {
    Result<Handle> handle = connect(shard_, addresses_[tried_++]);
    if (handle) {
      handle_ = *handle;
      return shard_.poller().add(handle_, {.write = true}, static_cast<Watcher*>(this));
    }
    error_ = std::move(handle).error();
  }
  fail_later(error_ ? *error_ : Error(IoError::kAddress, fmt::format("{} has no address", wanted_.to_string())));
}

void Connector::fail_later(Error error) {
  error_ = std::move(error);
  failed_ = true;
  shard_.timers().arm(timer_, TimePoint{});
}

void Connector::on_timer() {
  if (!failed_) {
    error_ = Error(IoError::kTimeout, fmt::format("no connection to {} before the deadline", wanted_.to_string()),
                   Retriable::kYes);
  }
  drop_handle();
  finish(tl::unexpected<Error>(*error_));
}

void Connector::on_event(const Poller::Event&) {
  if (handle_ == Handle::kNone) return;
  Result<void> connected = shard_.env().net.connect_result(handle_);
  if (!connected) {
    if (connected.error().is(IoError::kWouldBlock)) return;
    error_ = std::move(connected).error();
    drop_handle();
    return try_next();
  }
  shard_.poller().remove(handle_);
  auto peer = std::make_shared<Peer>();
  peer->address = addresses_[tried_ - 1];
  ++shard_.counters().connected;
  Connection& opened =
      Connection::open(shard_, std::exchange(handle_, Handle::kNone), std::move(peer), std::move(protocol_));
  opened.keep_reading();
  finish(&opened);
}

void Connector::finish(Result<Connection*> result) {
  const Done done = std::move(done_);
  cancel();
  done(std::move(result));
}

}  // namespace sofa::io
