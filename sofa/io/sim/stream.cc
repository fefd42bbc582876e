#include "sofa/io/sim/stream.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

namespace sofa::io::sim {

// --- End

Poller::Event End::readiness(Interest interest) const {
  Poller::Event event{};
  if (connecting) return event;
  const std::size_t room = process->world().options().net.send_buffer;
  const bool may_write = error != 0 || (!end_wanted && unacknowledged() <= room - room / 3);
  event.readable = interest.read && (!received.empty() || end_received || error != 0);
  event.writable = interest.write && may_write;
  event.closed = error != 0 || (end_received && end_wanted);
  return event;
}

void End::drop_output() {
  ++attempt;
  sending.clear();
  in_flight = delivered = 0;
  end_wanted = end_in_flight = false;
}

void End::fail_with(int errno_value) {
  if (error != 0) return;
  connecting = false;
  error = errno_value;
  drop_output();
  touch();
}

void End::on_close(bool orderly) {
  const auto keep = stream->shared_from_this();
  if (poller != nullptr) poller->remove(handle);
  gone = true;
  if (!orderly) {
    silent = true;
    drop_output();
  } else if (error == 0 && !received.empty()) {
    // What the peer sent will never be read: the kernel says so with a reset instead of an orderly end.
    drop_output();
    error = ECONNRESET;
    stream->send_reset(side);
  } else if (error == 0 && !connecting) {
    end_wanted = true;
    stream->transmit(side);
  }
  received.clear();
}

// --- Connecting

bool Stream::lost(int from) {
  return forgotten || network.blocked(*ends[from].process, *ends[1 - from].process);
}

void Stream::send_syn(Address target, Time deadline, Duration retry) {
  const auto self = shared_from_this();
  Process* there = network.find_process(target.host, *ends[0].process);
  const Duration latency = there ? network.latency(*ends[0].process, *there) : Duration(1ms);
  world().after(latency, [self, target, deadline, retry] { self->on_syn(target, deadline, retry); });
}

void Stream::on_syn(const Address& target, Time deadline, Duration retry) {
  End& client = ends[0];
  if (client.gone || !client.connecting) return;
  Process* there = network.find_process(target.host, *client.process);
  Listener* listener = network.pick_listener(SimNet::listen_key(there, target));
  if (target.is_unix) there = listener ? listener->process : client.process;
  const bool heard = there != nullptr && there->machine_up() && !network.blocked(*client.process, *there);
  world().trace(TraceKind::kSyn, number, heard, listener != nullptr);
  if (heard && listener == nullptr) {
    ends[1].process = there;
    return answer(ECONNREFUSED);
  }
  if (!heard || listener->waiting.size() >= static_cast<std::size_t>(listener->options.backlog)) {
    if (world().now() + retry >= deadline) {
      const auto self = shared_from_this();
      return world().at(deadline, [self] { self->fail_connect(ETIMEDOUT); });
    }
    const auto self = shared_from_this();
    return world().after(retry, [self, target, deadline, retry] {
      self->send_syn(target, deadline, std::min(retry * 2, self->world().options().net.longest_retry));
    });
  }
  End& server = ends[1];
  server.process = there;
  server.local = target.is_unix ? target : Address{there->host(), target.port, false};
  server.remote = client.local;
  listener->waiting.push_back(share(1));
  listener->touch();
  answer(0);
}

void Stream::answer(int error) {
  const auto self = shared_from_this();
  world().at(arrival(1, 0), [self, error] {
    End& client = self->ends[0];
    if (self->lost(1)) {
      // The answer is sent again until it passes, or the client has given up.
      if (client.connecting && !client.gone) self->world().after(kFirstRetry, [self, error] { self->answer(error); });
      return;
    }
    if (error != 0) return self->fail_connect(error);
    if (client.gone || client.error != 0) return self->send_reset(0);
    if (!client.connecting) return;
    client.connecting = false;
    self->world().trace(TraceKind::kConnected, self->number);
    client.touch();
    self->transmit(0);
  });
}

void Stream::fail_connect(int error) {
  if (!ends[0].connecting) return;
  world().trace(TraceKind::kConnectFailed, number, static_cast<std::uint64_t>(error));
  ends[0].fail_with(error);
}

// --- Data

Time Stream::arrival(int from, std::size_t size) {
  End& end = ends[from];
  const Duration on_the_line(
      static_cast<Duration::rep>(size * 1'000'000'000ull / world().options().net.bytes_per_second));
  end.line_free = std::max(end.line_free, world().now()) + on_the_line;
  end.last_arrival =
      std::max(end.last_arrival + 1ns, end.line_free + network.latency(*end.process, *ends[1 - from].process));
  return end.last_arrival;
}

void Stream::transmit(int side) {
  End& end = ends[side];
  const End& peer = other(side);
  const auto& options = world().options().net;
  if (end.connecting || end.error != 0 || world().now() < end.retry_at) return;
  const auto self = shared_from_this();
  while (end.in_flight < end.sending.size()) {
    const std::size_t unread = end.in_flight + (peer.gone ? 0 : peer.received.size());
    if (unread >= options.receive_buffer) break;
    std::size_t size =
        std::min({end.sending.size() - end.in_flight, options.largest_packet, options.receive_buffer - unread});
    if (network.dice_.chance(options.small_packet_ppm)) size = network.dice_.between(1, size);
    end.in_flight += size;
    world().at(arrival(side, size), [self, side, size, attempt = end.attempt] { self->arrive(side, size, attempt); });
  }
  if (end.end_wanted && !end.end_in_flight && !end.end_delivered && end.in_flight == end.sending.size()) {
    end.end_in_flight = true;
    world().at(arrival(side, 0), [self, side, attempt = end.attempt] { self->arrive(side, 0, attempt); });
  }
  watch(side);
}

bool Stream::undeliverable(int from) {
  End& end = ends[from];
  End& peer = other(from);
  const bool nobody_hears = lost(from) || peer.connecting || (peer.silent && !peer.process->machine_up());
  const bool unknown = peer.error != 0 || (peer.gone && (end.in_flight > 0 || peer.silent));
  if (!nobody_hears && !unknown) return false;
  if (!nobody_hears) {
    // The kernel over there has no such connection any more, and says so.
    peer.drop_output();
    peer.error = ECONNRESET;
    send_reset(1 - from);
  }
  ++end.attempt;
  end.in_flight = 0;
  end.end_in_flight = false;
  end.retry_at = world().now() + end.retry + network.dice_.between(Duration::zero(), end.retry / 4);
  end.retry = std::min(end.retry * 2, world().options().net.longest_retry);
  world().trace(TraceKind::kLost, number, static_cast<std::uint64_t>(from));
  world().at(end.retry_at, [self = shared_from_this(), from, attempt = end.attempt] {
    if (self->ends[from].attempt == attempt) self->transmit(from);
  });
  return true;
}

void Stream::arrive(int from, std::size_t size, std::uint64_t attempt) {
  End& end = ends[from];
  End& peer = other(from);
  if (attempt != end.attempt || undeliverable(from)) return;
  end.retry = kFirstRetry;
  end.progress_at = world().now();
  if (size == 0) {
    end.end_delivered = true;
    peer.end_received = true;
    world().trace(TraceKind::kFin, number, static_cast<std::uint64_t>(from));
    if (!peer.gone) peer.touch();
    return;
  }
  const BytesView bytes = end.sending.front(size);
  world().trace(TraceKind::kDelivered, number * 2 + static_cast<std::uint64_t>(from), size, hash_of(bytes));
  if (peer.error == 0) peer.received.push(bytes);
  end.sending.pop(size);
  end.in_flight -= size;
  end.delivered += size;
  peer.touch();
  acknowledge(from, size);
}

void Stream::acknowledge(int from, std::size_t size) {
  const auto self = shared_from_this();
  const End& end = ends[from];
  world().after(network.latency(*other(from).process, *end.process), [self, from, size] {
    End& sender = self->ends[from];
    if (sender.error != 0 || sender.gone) return;
    if (self->lost(1 - from)) {
      self->world().after(kFirstRetry, [self, from, size] { self->acknowledge(from, size); });
      return;
    }
    sender.delivered -= std::min(size, sender.delivered);
    sender.progress_at = self->world().now();
    sender.touch();
    self->transmit(from);
  });
}

void Stream::on_read(int side) {
  End& sender = other(side);
  if (sender.in_flight == sender.sending.size() || sender.update_scheduled) return;
  sender.update_scheduled = true;
  const auto self = shared_from_this();
  world().after(network.latency(*ends[side].process, *sender.process), [self, side] {
    self->other(side).update_scheduled = false;
    self->transmit(1 - side);
  });
}

void Stream::send_reset(int from) {
  const auto self = shared_from_this();
  world().after(network.latency(*ends[from].process, *other(from).process), [self, from] {
    End& end = self->other(from);
    if (self->lost(from) || end.silent || end.error != 0) return;
    self->world().trace(TraceKind::kReset, self->number, static_cast<std::uint64_t>(from));
    if (self->network.dice_.chance(500'000)) end.received.clear();
    end.fail_with(ECONNRESET);
  });
}

// --- Giving up

void Stream::watch(int side) {
  End& end = ends[side];
  const bool outstanding = end.unacknowledged() > 0 || (end.end_wanted && !end.end_delivered);
  if (!outstanding || end.watched) return;
  end.watched = true;
  end.progress_at = world().now();
  const auto self = shared_from_this();
  world().after(world().options().net.give_up, [self, side] { self->on_watch(side); });
}

void Stream::on_watch(int side) {
  End& end = ends[side];
  end.watched = false;
  if (end.error != 0 || end.silent) return;
  const Duration patience = world().options().net.give_up;
  // A peer that is there and does not read still answers probes: that is no reason to give up.
  const bool waits_for_reader =
      end.in_flight == 0 && end.delivered == 0 && !lost(side) && !lost(1 - side) && !other(side).silent;
  const bool outstanding = end.unacknowledged() > 0 || (end.end_wanted && !end.end_delivered);
  if (!outstanding) return;
  if (waits_for_reader) end.progress_at = world().now();
  if (world().now() - end.progress_at >= patience) {
    world().trace(TraceKind::kTimedOut, number, static_cast<std::uint64_t>(side));
    return end.fail_with(ETIMEDOUT);
  }
  end.watched = true;
  const auto self = shared_from_this();
  world().at(end.progress_at + patience, [self, side] { self->on_watch(side); });
}

// --- Listener

Poller::Event Listener::readiness(Interest interest) const {
  Poller::Event event{};
  event.readable = interest.read && !waiting.empty();
  return event;
}

void Listener::on_close(bool orderly) {
  if (poller != nullptr) poller->remove(handle);
  process->world().network().remove_listener(*this);
  for (const auto& end : waiting) {
    if (orderly) end->received.push(as_bytes("x"));  // never read: so the kernel resets it
    end->on_close(orderly);
  }
  waiting.clear();
}

}  // namespace sofa::io::sim
