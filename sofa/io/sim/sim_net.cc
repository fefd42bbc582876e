// SimNet: the calls of one process on its simulated kernel.
#include <algorithm>
#include <cerrno>

#include "sofa/io/sim/stream.h"

namespace sofa::io::sim {

namespace {

Transfer failed(int error) {
  return {Transfer::Status::kFailed, 0, error};
}

}  // namespace

bool is_numeric_host(const std::string& host) {
  return host.find(':') != std::string::npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string::npos);
}

std::string SimNet::listen_key(const Process* process, const Address& address) {
  if (address.is_unix) return "unix:" + address.host;
  return fmt::format("{}:{}", process != nullptr ? process->index() : -1, address.port);
}

std::uint16_t SimNet::free_port() {
  do {
    last_port_ = last_port_ < 60'999 ? static_cast<std::uint16_t>(last_port_ + 1) : std::uint16_t{32'768};
  } while (process_.world().network().listeners_.contains(listen_key(&process_, Address{"", last_port_, false})));
  return last_port_;
}

Result<Handle> SimNet::listen(const Address& address, const ListenOptions& options) {
  if (!process_.alive()) return fail(IoError::kStopped, "{} is dead", process_.name());
  if (process_.descriptors().full()) return fail(IoError::kNoHandles, "cannot listen on {}", address.to_string());
  auto listener = std::make_shared<Listener>();
  listener->process = &process_;
  listener->local = address;
  listener->options = options;
  if (!address.is_unix && address.port == 0) listener->local.port = free_port();
  listener->key = listen_key(&process_, listener->local);
  auto& listeners = process_.world().network().listeners_[listener->key];
  const bool shared = options.share_port && std::all_of(listeners.begin(), listeners.end(), [](const Listener* other) {
                        return other->options.share_port;
                      });
  if (!listeners.empty() && !shared) {
    return fail(IoError::kSystem, "cannot listen on {}: the address is in use", address.to_string());
  }
  listeners.push_back(listener.get());
  listener->handle = process_.descriptors().add(listener);
  return listener->handle;
}

Result<Accepted> SimNet::accept(Handle handle) {
  const auto listener = process_.descriptors().find<Listener>(handle);
  if (!listener) return fail(IoError::kClosed, "accept on a closed handle");
  if (listener->waiting.empty()) return fail(IoError::kWouldBlock, "no connection waits");
  if (process_.descriptors().full()) return fail(IoError::kNoHandles, "no descriptor is free to accept a connection");
  const auto end = std::move(listener->waiting.front());
  listener->waiting.pop_front();
  end->handle = process_.descriptors().add(end);
  return Accepted{end->handle, end->remote};
}

Result<Handle> SimNet::connect(const Address& address) {
  if (!process_.alive()) return fail(IoError::kStopped, "{} is dead", process_.name());
  if (!address.is_unix && !is_numeric_host(address.host)) {
    return fail(IoError::kAddress, "cannot connect to {}: resolve the name first", address.to_string());
  }
  if (process_.descriptors().full()) return fail(IoError::kNoHandles, "cannot connect to {}", address.to_string());
  World& world = process_.world();
  const auto stream = world.network().make_stream(process_);
  const auto client = stream->share(0);
  client->handle = process_.descriptors().add(client);
  client->local = Address{process_.host(), free_port(), false};
  client->remote = address;
  stream->send_syn(address, world.now() + world.options().net.connect_timeout, kFirstRetry);
  return client->handle;
}

Result<void> SimNet::connect_result(Handle handle) {
  const auto end = process_.descriptors().find<End>(handle);
  if (!end) return fail(IoError::kClosed, "connect_result of a closed handle");
  if (end->connecting) return fail(IoError::kWouldBlock, "still connecting to {}", end->remote.to_string());
  switch (end->error) {
    case 0:
      return {};
    case ECONNREFUSED:
      return fail(IoError::kRefused, "{} refused the connection", end->remote.to_string());
    case ETIMEDOUT:
      return fail(IoError::kTimeout, "{} did not answer", end->remote.to_string());
    default:
      return fail(IoError::kClosed, "the connection to {} was lost", end->remote.to_string());
  }
}

Transfer SimNet::read(Handle handle, std::span<std::uint8_t> into) {
  const auto end = process_.descriptors().find<End>(handle);
  if (!end) return failed(EBADF);
  if (end->connecting) return failed(ENOTCONN);
  if (end->received.empty()) {
    if (end->error != 0) return failed(end->error);
    return {end->end_received ? Transfer::Status::kEnd : Transfer::Status::kWouldBlock};
  }
  std::size_t size = std::min(into.size(), end->received.size());
  if (size > 1 && dice_.chance(process_.world().options().net.short_read_ppm)) size = dice_.between(1, size);
  const BytesView bytes = end->received.front(size);
  std::copy(bytes.begin(), bytes.end(), into.begin());
  process_.world().trace(TraceKind::kRead, end->stream->number * 2 + static_cast<std::uint64_t>(end->side), size);
  end->received.pop(size);
  if (end->error == 0) end->stream->on_read(end->side);
  return {Transfer::Status::kOk, size};
}

Transfer SimNet::write(Handle handle, std::span<const Slice> pieces) {
  const auto end = process_.descriptors().find<End>(handle);
  if (!end) return failed(EBADF);
  if (end->connecting) return failed(ENOTCONN);
  if (end->error != 0 || end->end_wanted) return failed(EPIPE);
  const auto& options = process_.world().options().net;
  std::size_t room = options.send_buffer - std::min(options.send_buffer, end->unacknowledged());
  if (room == 0) return {Transfer::Status::kWouldBlock};
  if (room > 1 && dice_.chance(options.short_write_ppm)) {
    std::size_t total = 0;
    for (const Slice& piece : pieces) total += piece.size;
    room = std::min(room, std::max<std::size_t>(1, dice_.below(total)));
  }
  std::size_t written = 0;
  for (const Slice& piece : pieces) {
    const std::size_t size = std::min(piece.size, room - written);
    end->sending.push(BytesView(static_cast<const std::uint8_t*>(piece.data), size));
    written += size;
    if (size < piece.size) break;
  }
  process_.world().trace(TraceKind::kWritten, end->stream->number * 2 + static_cast<std::uint64_t>(end->side), written);
  end->stream->transmit(end->side);
  return {Transfer::Status::kOk, written};
}

void SimNet::shutdown_write(Handle handle) {
  const auto end = process_.descriptors().find<End>(handle);
  if (!end || end->error != 0 || end->connecting) return;
  end->end_wanted = true;
  end->stream->transmit(end->side);
}

void SimNet::close(Handle handle) {
  process_.descriptors().close(handle);
}

Address SimNet::local_address(Handle handle) {
  if (const auto listener = process_.descriptors().find<Listener>(handle)) return listener->local;
  if (const auto end = process_.descriptors().find<End>(handle)) return end->local;
  return {};
}

std::string SimNet::own_host() {
  return process_.host();
}

std::unique_ptr<Poller> SimNet::make_poller() {
  return std::make_unique<SimPoller>(process_, Dice(dice_.next()));
}

}  // namespace sofa::io::sim
