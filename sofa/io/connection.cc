#include "sofa/io/connection.h"

#include <algorithm>
#include <cstring>
#include <system_error>

#include "sofa/base/fault.h"
#include "sofa/base/mutant.h"
#include "sofa/io/block_pool.h"

namespace sofa::io {
namespace {

constexpr std::size_t kMostSlices = 64;
constexpr std::size_t kMostWritten = 256 * 1024;  // in one turn, so that one connection does not hold up the others
constexpr std::size_t kSmallTail = 16 * 1024;     // shown from the scratch, so that it costs a copy and no growth
constexpr std::uint64_t kLoadPerTransfer = 512;   // a system call weighs about as much as moving so many bytes

}  // namespace

void Protocol::on_end(Connection& connection) {
  connection.close_after_flush();
}

ConnectionState::ConnectionState(ConnectionState&& other) noexcept {
  *this = std::move(other);
}

ConnectionState& ConnectionState::operator=(ConnectionState&& other) noexcept {
  std::swap(net, other.net);
  std::swap(handle, other.handle);
  peer.swap(other.peer);
  protocol.swap(other.protocol);
  saved.swap(other.saved);
  unread.swap(other.unread);
  unsent.swap(other.unsent);
  std::swap(read_ended, other.read_ended);
  std::swap(closing, other.closing);
  std::swap(half_closing, other.half_closing);
  std::swap(keep_reading, other.keep_reading);
  return *this;
}

ConnectionState::~ConnectionState() {
  if (handle != Handle::kNone) net->close(handle);
}

void* Connection::operator new(std::size_t size) {
  return allocate_block(size);
}
void Connection::operator delete(void* memory, std::size_t size) noexcept {
  free_block(memory, size);
}

Connection::Connection(Shard& shard, Handle handle, std::shared_ptr<const Peer> peer,
                       std::unique_ptr<Protocol> protocol)
    : shard_(shard),
      protocol_(std::move(protocol)),
      peer_(std::move(peer)),
      stall_(
          [](void* self) noexcept {
            auto& connection = *static_cast<Connection*>(self);
            ++connection.shard_.counters_.stalled;
            connection.close(
                Error(IoError::kTimeout,
                      fmt::format("{} bytes of output waited too long for the peer to read", connection.out_.size())));
          },
          this),
      id_(static_cast<std::uint64_t>(shard.index()) << 48 | ++shard.next_connection_),
      handle_(handle) {
  next_ = shard.open_;
  if (next_) next_->previous_ = this;
  shard.open_ = this;
  ++shard.connection_count_;
}

Connection::~Connection() {
  drop_tail();
}

Connection& Connection::open(Shard& shard, Handle handle, std::shared_ptr<const Peer> peer,
                             std::unique_ptr<Protocol> protocol) {
  auto* connection = new Connection(shard, handle, std::move(peer), std::move(protocol));
  connection->interest_ = {.read = true, .write = false};
  shard.poller().add(handle, connection->interest_, static_cast<Watcher*>(connection));
  connection->protocol_->on_open(*connection);
  return *connection;
}

Connection& Shard::attach(ConnectionState state, std::unique_ptr<Protocol> protocol) {
  ++counters_.attached;
  auto* connection = new Connection(*this, state.release(), std::move(state.peer), std::move(protocol));
  if (state.read_ended) connection->flags_ |= Connection::kReadEnded;
  if (state.closing) connection->flags_ |= Connection::kCloseAfterFlush;
  if (state.half_closing) connection->flags_ |= Connection::kHalfClose;
  if (state.keep_reading) connection->flags_ |= Connection::kKeepReading;
  connection->interest_ = {.read = connection->reads(), .write = false};
  poller().add(connection->handle_, connection->interest_, static_cast<Watcher*>(connection));
  connection->out_.append(state.unsent);
  if (SOFA_MUTANT("move-repeats-bytes")) connection->out_.append(state.unsent);
  connection->keep_tail(state.unread.data(), state.unread.size());
  connection->flags_ |= Connection::kShowAgain;
  connection->protocol_->on_open(*connection);
  connection->flush();
  return *connection;
}

ConnectionState Connection::detach() {
  assert(!closed() && (flags_ & kReading) == 0 && protocol_->quiescent());
  ConnectionState state;
  state.net = &shard_.env().net;
  state.handle = handle_;
  state.peer = peer_;
  state.protocol = protocol_->name();
  state.saved = protocol_->save_state();
  if (!SOFA_MUTANT("move-loses-bytes")) state.unread.assign(tail_, tail_ + tail_size_);
  state.unsent = out_.to_bytes();
  out_.clear();
  state.read_ended = (flags_ & kReadEnded) != 0;
  state.closing = (flags_ & kCloseAfterFlush) != 0;
  state.half_closing = (flags_ & kHalfClose) != 0;
  state.keep_reading = (flags_ & kKeepReading) != 0;
  ++shard_.counters_.detached;
  leave_shard();
  flags_ |= kDetached;
  handle_ = Handle::kNone;
  queue();
  return state;
}

void Connection::close(Error why) {
  if (closed()) return;
  ++shard_.counters_.closed;
  leave_shard();
  shard_.env().net.close(handle_);
  handle_ = Handle::kNone;
  flags_ |= kClosed;
  why_ = std::make_unique<Error>(std::move(why));
  queue();
}

/// Nothing of the environment knows the connection any more. Its link in the list stays for whoever walks over it.
void Connection::leave_shard() {
  shard_.poller().remove(handle_);
  shard_.timers().cancel(stall_);
  (previous_ ? previous_->next_ : shard_.open_) = next_;
  if (next_) next_->previous_ = previous_;
  --shard_.connection_count_;
}

/// Has `end_of_turn` called before this turn is over.
void Connection::queue() {
  if ((flags_ & kQueued) != 0) return;
  flags_ |= kQueued;
  next_ready_ = shard_.ready_;
  shard_.ready_ = this;
}

void Connection::flush() {
  if (closed()) return;
  const ConnectionOptions& options = shard_.options().connection;
  if (out_.size() > options.high_mark && (flags_ & kAboveMark) == 0) {
    flags_ |= kAboveMark;
    ++shard_.counters_.back_pressured;
  }
  if (out_.size() > options.most_unsent) {
    ++shard_.counters_.overflowed;
    return close(
        Error(IoError::kLimit, fmt::format("{} bytes of output are more than a connection may hold", out_.size())));
  }
  flags_ |= kFlush;
  queue();
}

void Connection::pause_reading() {
  flags_ |= kPaused;
  queue();
}

void Connection::resume_reading() {
  if ((flags_ & kPaused) == 0) return;
  flags_ &= ~kPaused;
  if (tail_size_ != 0) flags_ |= kShowAgain;
  queue();
}

void Connection::close_after_flush() {
  flags_ |= kCloseAfterFlush | kFlush;
  queue();
}

void Connection::half_close() {
  flags_ |= kHalfClose | kFlush;
  queue();
}

void Connection::update_interest() {
  const Interest wanted{.read = reads(), .write = (flags_ & kWaitsWritable) != 0};
  if (wanted.read == interest_.read && wanted.write == interest_.write) return;
  interest_ = wanted;
  shard_.poller().modify(handle_, wanted, static_cast<Watcher*>(this));
}

void Connection::end_of_turn() {
  flags_ &= ~kQueued;
  if (closed()) {
    if ((flags_ & kClosed) != 0) protocol_->on_closed(*this, *why_);
    flags_ |= kQueued;  // for good
    next_ready_ = shard_.dying_;
    shard_.dying_ = this;
    return;
  }
  if ((flags_ & kShowAgain) != 0 && (flags_ & (kPaused | kCloseAfterFlush)) == 0) {
    flags_ &= ~kShowAgain;
    if (tail_size_ != 0) show(tail_, tail_size_);
    if (closed()) return;
  }
  if ((flags_ & (kFlush | kWaitsWritable)) == kFlush) write();
  if (!closed()) update_interest();
}

void Connection::on_event(const Poller::Event& event) {
  if (closed()) return;
  if (event.writable && (flags_ & kWaitsWritable) != 0) {
    flags_ = (flags_ & ~kWaitsWritable) | kFlush;
    queue();
  }
  if (!event.readable && !event.closed) return;
  if (SOFA_FAULT("readable-without-data")) return;  // the event comes again while there is data
  if (reads()) {
    read();
    // Answers go out before the next connection is read, so that the peer works on them meanwhile.
    if (!closed() && (flags_ & (kFlush | kWaitsWritable)) == kFlush) write();
  } else if (event.closed) {
    close(Error(IoError::kClosed, "the peer has gone"));
  }
}

void Connection::read() {
  const std::span<std::uint8_t> scratch = shard_.scratch();
  const bool in_scratch =
      tail_size_ <= kSmallTail && expected_ <= scratch.size() - kSmallTail && !SOFA_FAULT("read-into-tail");
  std::span<std::uint8_t> into;
  if (in_scratch) {
    if (tail_size_ != 0) std::memcpy(scratch.data(), tail_, tail_size_);
    into = scratch.subspan(tail_size_);
  } else {
    if (tail_capacity_ == tail_size_) grow_tail(tail_size_ + 1, std::max<std::size_t>(expected_, 2 * tail_size_));
    into = {tail_ + tail_size_, tail_capacity_ - tail_size_};
  }
  if (SOFA_FAULT("read-one-byte")) into = into.first(1);
  const Transfer got = shard_.env().net.read(handle_, into);
  switch (got.status) {
    case Transfer::Status::kWouldBlock:
      return;
    case Transfer::Status::kFailed:
      return close(
          Error(IoError::kClosed, fmt::format("reading failed: {}", std::generic_category().message(got.error))));
    case Transfer::Status::kEnd:
      flags_ |= kReadEnded;
      queue();
      return protocol_->on_end(*this);
    case Transfer::Status::kOk:
      break;
  }
  ++shard_.counters_.reads;
  shard_.counters_.bytes_in += got.bytes;
  load_ += got.bytes + kLoadPerTransfer;
  const std::size_t size = tail_size_ + got.bytes;
  if (size < expected_) {
    keep_tail(in_scratch ? scratch.data() : tail_, size);
  } else {
    show(in_scratch ? scratch.data() : tail_, size);
  }
}

/// Has the protocol consume; keeps the rest.
void Connection::show(const std::uint8_t* data, std::size_t size) {
  expected_ = 0;
  flags_ |= kReading;
  const std::size_t consumed = protocol_->on_data(*this, {data, size});
  flags_ &= ~kReading;
  if (closed()) return;
  assert(consumed <= size);
  keep_tail(data + consumed, size - consumed);
  const std::size_t most = shard_.options().connection.most_unread;
  if (expected_ > most || tail_size_ > most) {
    ++shard_.counters_.overflowed;
    close(Error(IoError::kLimit, fmt::format("{} bytes of input at once are more than a connection may hold",
                                             std::max<std::size_t>(expected_, tail_size_))));
  }
}

/// `data` may lie within the tail.
void Connection::keep_tail(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return drop_tail();
  if (size > tail_capacity_) {
    tail_size_ = 0;
    grow_tail(size, expected_);
  }
  if (data != tail_) std::memmove(tail_, data, size);
  tail_size_ = static_cast<std::uint32_t>(size);
}

// At least `least`, and up to `wanted` as far as bytes have come in: a header's claim alone takes no memory.
void Connection::grow_tail(std::size_t least, std::size_t wanted) {
  constexpr std::size_t kFirst = 64 * 1024;
  const std::size_t earned = std::max<std::size_t>(kFirst, std::size_t{2} * tail_size_);
  const auto capacity = static_cast<std::uint32_t>(std::max(least, std::min(wanted, earned)));
  auto* block = static_cast<std::uint8_t*>(allocate_block(capacity));
  if (tail_size_ != 0) std::memcpy(block, tail_, tail_size_);
  const std::uint32_t size = tail_size_;
  drop_tail();
  tail_ = block;
  tail_size_ = size;
  tail_capacity_ = capacity;
}

void Connection::drop_tail() {
  if (tail_) free_block(tail_, tail_capacity_);
  tail_ = nullptr;
  tail_size_ = tail_capacity_ = 0;
}

void Connection::write() {
  flags_ &= ~kFlush;
  Slice slices[kMostSlices];
  const std::size_t count = out_.fill(slices, kMostSlices);
  std::size_t used = 0;
  std::size_t offered = 0;
  while (used < count && offered < kMostWritten) {
    slices[used].size = std::min(slices[used].size, kMostWritten - offered);
    offered += slices[used++].size;
  }
  if (used != 0 && SOFA_FAULT("write-one-byte")) {
    used = 1;
    slices[0].size = 1;
  }
  if (offered != 0 && !SOFA_FAULT("write-would-block")) {
    const Transfer sent = shard_.env().net.write(handle_, {slices, used});
    if (sent.status == Transfer::Status::kFailed) {
      return close(
          Error(IoError::kClosed, fmt::format("writing failed: {}", std::generic_category().message(sent.error))));
    }
    ++shard_.counters_.writes;
    shard_.counters_.bytes_out += sent.bytes;
    load_ += sent.bytes + kLoadPerTransfer;
    std::size_t taken = sent.bytes;
    if (SOFA_MUTANT("partial-write-resent") && taken < offered) {
      taken = 0;
      for (std::size_t i = 0; i < used && taken + slices[i].size <= sent.bytes; ++i) taken += slices[i].size;
    }
    out_.consume(taken);
    if (sent.bytes != 0) shard_.timers().cancel(stall_);
  }
  after_write();
}

void Connection::after_write() {
  const ConnectionOptions& options = shard_.options().connection;
  if (out_.size() != 0) {
    flags_ |= kWaitsWritable;
    if (!stall_.armed()) shard_.timers().arm(stall_, shard_.now() + options.stall);
  } else if ((flags_ & kCloseAfterFlush) != 0) {
    return close(Error(IoError::kClosed, "closed after the last output"));
  } else if ((flags_ & (kHalfClose | kWriteEnded)) == kHalfClose) {
    flags_ |= kWriteEnded;
    shard_.env().net.shutdown_write(handle_);
  }
  if ((flags_ & kAboveMark) != 0 && out_.size() <= options.low_mark) {
    flags_ &= ~kAboveMark;
    if (tail_size_ != 0) {
      flags_ |= kShowAgain;
      queue();
    }
    protocol_->on_drained(*this);
  }
}

}  // namespace sofa::io
