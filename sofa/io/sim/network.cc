#include "sofa/io/sim/network.h"

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "sofa/io/sim/stream.h"

namespace sofa::io::sim {

void Pollable::touch() {
  if (poller != nullptr) poller->touch(handle);
}

// --- Network

Network::Network(World& world) : world_(world), dice_(Dice(world.seed()).split("network")) {}
Network::~Network() = default;

const std::vector<Address>* Network::find_name(const std::string& host) const {
  const auto found = names_.find(host);
  return found == names_.end() || found->second.empty() ? nullptr : &found->second;
}

void Network::block(const Process& from, const Process& to) {
  if (&from == &to || !blocked_.insert({from.index(), to.index()}).second) return;
  world_.trace(TraceKind::kPartition, static_cast<std::uint64_t>(from.index()), static_cast<std::uint64_t>(to.index()));
}

void Network::unblock(const Process& from, const Process& to) {
  if (blocked_.erase({from.index(), to.index()}) == 0) return;
  world_.trace(TraceKind::kHeal, static_cast<std::uint64_t>(from.index()), static_cast<std::uint64_t>(to.index()));
}

void Network::unblock_all() {
  blocked_.clear();
  extra_.clear();
  world_.trace(TraceKind::kHeal);
}

bool Network::blocked(const Process& from, const Process& to) const {
  return blocked_.contains({from.index(), to.index()});
}

void Network::slow_down(const Process& from, const Process& to, Duration extra) {
  extra_[{from.index(), to.index()}] = extra;
}

Duration Network::latency(const Process& from, const Process& to) {
  if (&from == &to) return dice_.between(Duration(2us), Duration(20us));
  Duration result = dice_.draw(world_.options().net.latency);
  if (const auto slow = extra_.find({from.index(), to.index()}); slow != extra_.end()) {
    result += dice_.between(Duration::zero(), slow->second);
  }
  return result;
}

Process* Network::find_process(const std::string& host, Process& from) {
  if (host == "127.0.0.1" || host == "::1") return &from;
  for (const auto& process : world_.processes()) {
    if (process->host() == host) return process.get();
  }
  return nullptr;
}

Listener* Network::pick_listener(const std::string& key) {
  const auto found = listeners_.find(key);
  if (found == listeners_.end() || found->second.empty()) return nullptr;
  return found->second[dice_.below(found->second.size())];
}

void Network::remove_listener(Listener& listener) {
  const auto found = listeners_.find(listener.key);
  if (found == listeners_.end()) return;
  std::erase(found->second, &listener);
  if (found->second.empty()) listeners_.erase(found);
}

std::shared_ptr<Stream> Network::make_stream(Process& client) {
  if (streams_made_ % 64 == 0) std::erase_if(streams_, [](const auto& stream) { return stream.expired(); });
  auto stream = std::make_shared<Stream>(*this, ++streams_made_);
  streams_.push_back(stream);
  for (int side : {0, 1}) {
    stream->ends[side].stream = stream.get();
    stream->ends[side].side = side;
  }
  stream->ends[0].process = &client;
  stream->ends[0].connecting = true;
  return stream;
}

std::vector<std::shared_ptr<Stream>> Network::streams_between(const Process& a, const Process& b, std::size_t most) {
  std::vector<std::shared_ptr<Stream>> result;
  for (const auto& weak : streams_) {
    const auto stream = weak.lock();
    if (!stream || stream->forgotten || stream->ends[0].connecting) continue;
    const End& client = stream->ends[0];
    const End& server = stream->ends[1];
    const bool between =
        (client.process == &a && server.process == &b) || (client.process == &b && server.process == &a);
    if (between && client.error == 0 && server.error == 0) result.push_back(stream);
  }
  while (result.size() > most) result.erase(result.begin() + static_cast<std::ptrdiff_t>(dice_.below(result.size())));
  return result;
}

std::size_t Network::reset_connections(const Process& a, const Process& b, std::size_t most) {
  const auto streams = streams_between(a, b, most);
  for (const auto& stream : streams) {
    world_.trace(TraceKind::kReset, stream->number, 2);
    for (End& end : stream->ends) {
      if (dice_.chance(500'000)) end.received.clear();
      end.fail_with(ECONNRESET);
    }
  }
  return streams.size();
}

std::size_t Network::forget_connections(const Process& a, const Process& b, std::size_t most) {
  const auto streams = streams_between(a, b, most);
  for (const auto& stream : streams) {
    world_.trace(TraceKind::kLost, stream->number, 2);
    stream->forgotten = true;
  }
  return streams.size();
}

std::size_t Network::open_streams() {
  return static_cast<std::size_t>(std::count_if(streams_.begin(), streams_.end(), [](const auto& weak) {
    const auto stream = weak.lock();
    return stream && !(stream->ends[0].gone && (stream->ends[1].gone || stream->ends[1].process == nullptr));
  }));
}

// --- SimPoller

SimPoller::~SimPoller() {
  for (auto& [number, watch] : watches_) watch.object->poller = nullptr;
}

void SimPoller::add(Handle handle, Interest interest, void* tag) {
  const auto object = process_.descriptors().find<Pollable>(handle);
  if (!object) return;  // a dead process
  assert(object->poller == nullptr && "a handle belongs to one poller at a time");
  object->poller = this;
  watches_[static_cast<int>(handle)] = {object, interest, tag};
  touch(handle);
}

void SimPoller::modify(Handle handle, Interest interest, void* tag) {
  const auto found = watches_.find(static_cast<int>(handle));
  if (found == watches_.end()) return;
  found->second.interest = interest;
  found->second.tag = tag;
  touch(handle);
}

void SimPoller::remove(Handle handle) {
  const auto found = watches_.find(static_cast<int>(handle));
  if (found == watches_.end()) return;
  found->second.object->poller = nullptr;
  candidates_.erase(found->first);
  watches_.erase(found);
}

void SimPoller::touch(Handle handle) {
  candidates_.insert(static_cast<int>(handle));
  if (const auto loop = loop_.lock()) process_.world().wake(*loop);
}

void SimPoller::wake() noexcept {
  woken_ = true;
  if (const auto loop = loop_.lock()) process_.world().wake(*loop);
}

void SimPoller::collect() {
  events_.clear();
  for (auto it = candidates_.begin(); it != candidates_.end();) {
    const Watch& watch = watches_.at(*it);
    Event event = watch.object->readiness(watch.interest);
    event.tag = watch.tag;
    const bool ready = event.readable || event.writable || event.closed;
    if (ready) events_.push_back(event);
    it = ready ? std::next(it) : candidates_.erase(it);
  }
  // The kernel promises no order, and may show some of the events only next time.
  for (std::size_t i = events_.size(); i > 1; --i) std::swap(events_[i - 1], events_[dice_.below(i)]);
  if (events_.size() > 1 && dice_.chance(200'000)) events_.resize(dice_.between(1, events_.size()));
}

std::span<const Poller::Event> SimPoller::wait(TimePoint until) {
  collect();
  World& world = process_.world();
  if (Loop* loop = world.current_loop()) {
    assert(&loop->process == &process_);
    loop_ = loop->weak_from_this();
    if (events_.empty() && !woken_ && process_.clock().now() < until) loop->sleep(process_.clock().to_world(until));
  }
  woken_ = false;
  return events_;
}

}  // namespace sofa::io::sim
