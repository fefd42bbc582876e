// What the tests of the simulator run in their processes: a byte echo and a talker, straight over Env, without shards.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"

namespace sofa::io::sim {

/// Accepts on port 7 and sends back what it reads.
class EchoServer {
 public:
  explicit EchoServer(Process& process) : env_(process.env()), poller_(env_.net.make_poller()) {
    listener_ = *env_.net.listen(Address{"0.0.0.0", 7, false}, {});
    poller_->add(listener_, {true, false}, nullptr);
    env_.blocking.start("echo", [this] { return step(); });
  }
  std::size_t connections() const { return pending_.size(); }
  std::uint64_t ended() const { return ended_; }

 private:
  bool step() {
    for (const auto& event : poller_->wait(kNever)) {
      if (event.tag == nullptr) {
        accept();
      } else {
        serve(static_cast<Handle>(reinterpret_cast<std::intptr_t>(event.tag) - 1));
      }
    }
    return true;
  }
  void accept() {
    while (auto accepted = env_.net.accept(listener_)) {
      const auto tag = reinterpret_cast<void*>(static_cast<std::intptr_t>(accepted->handle) + 1);
      pending_[accepted->handle] = {};
      poller_->add(accepted->handle, {true, false}, tag);
    }
  }
  void serve(Handle handle) {
    Bytes& pending = pending_[handle];
    std::uint8_t buffer[1000];
    const Transfer got = env_.net.read(handle, buffer);
    if (got.status == Transfer::Status::kOk) pending.insert(pending.end(), buffer, buffer + got.bytes);
    if (got.status == Transfer::Status::kFailed || got.status == Transfer::Status::kEnd) return end(handle);
    if (!pending.empty()) {
      const Slice slice{pending.data(), pending.size()};
      const Transfer put = env_.net.write(handle, {&slice, 1});
      if (put.status == Transfer::Status::kFailed) return end(handle);
      pending.erase(pending.begin(), pending.begin() + static_cast<std::ptrdiff_t>(put.bytes));
    }
    poller_->modify(handle, {true, !pending.empty()}, reinterpret_cast<void*>(static_cast<std::intptr_t>(handle) + 1));
  }
  void end(Handle handle) {
    pending_.erase(handle);
    ++ended_;
    env_.net.close(handle);
  }

  Env& env_;
  std::unique_ptr<Poller> poller_;
  Handle listener_;
  std::map<Handle, Bytes> pending_;
  std::uint64_t ended_ = 0;
};

/// Connects to an EchoServer, sends `text`, and keeps what comes back, until it was told to or all is over.
class Talker {
 public:
  Talker(Process& process, const std::string& host, std::string text)
      : env_(process.env()), poller_(env_.net.make_poller()), text_(std::move(text)) {
    handle_ = *env_.net.connect(Address{host, 7, false});
    poller_->add(handle_, {true, true}, this);
    env_.blocking.start("talker", [this] { return step(); });
  }
  const std::string& heard() const { return heard_; }
  bool connected() const { return connected_; }
  /// The errno that ended it, or 0.
  int error() const { return error_; }
  const Result<void>& connect_result() const { return connect_result_; }
  Handle handle() const { return handle_; }
  std::size_t sent() const { return sent_; }
  void say(const std::string& more) {
    text_ += more;
    poller_->modify(handle_, {true, true}, this);
  }

 private:
  bool step() {
    for ([[maybe_unused]] const auto& event : poller_->wait(kNever)) {
      if (!connected_) {
        connect_result_ = env_.net.connect_result(handle_);
        if (!connect_result_) return false;
        connected_ = true;
      }
      if (!talk()) {
        env_.net.close(handle_);
        return false;
      }
    }
    return true;
  }
  bool talk() {
    std::uint8_t buffer[1000];
    const Transfer got = env_.net.read(handle_, buffer);
    if (got.status == Transfer::Status::kOk) heard_.append(reinterpret_cast<char*>(buffer), got.bytes);
    if (sent_ < text_.size() && got.status != Transfer::Status::kFailed) {
      const Slice slice{text_.data() + sent_, text_.size() - sent_};
      const Transfer put = env_.net.write(handle_, {&slice, 1});
      sent_ += put.bytes;
      error_ = put.error;
    } else {
      poller_->modify(handle_, {true, false}, this);
    }
    if (got.status == Transfer::Status::kFailed) error_ = got.error;
    return error_ == 0 && got.status != Transfer::Status::kEnd;
  }

  Env& env_;
  std::unique_ptr<Poller> poller_;
  std::string text_;
  Handle handle_;
  bool connected_ = false;
  Result<void> connect_result_;
  int error_ = 0;
  std::size_t sent_ = 0;
  std::string heard_;
};

/// `size` letters that do not repeat in a short cycle.
inline std::string letters(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + mix(i) % 26);
  return text;
}

/// Boots an object of type T in the process; the pointer is valid until the process ends.
template <class T, class... Args>
T* run(Process& process, Args... args) {
  const auto made = std::make_shared<T*>();
  process.boot([made, args...](Process& self) {
    auto object = std::make_shared<T>(self, args...);
    *made = object.get();
    return object;
  });
  return *made;
}

}  // namespace sofa::io::sim
