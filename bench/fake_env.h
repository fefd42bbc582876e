// An Env without a kernel: what is read and written is counted by the program alone, so that callgrind sees only ours.
#pragma once

#include <cstdlib>
#include <vector>

#include "sofa/io/env.h"

namespace sofa::bench {

/// Time goes on by a fixed step with each look.
class FakeClock final : public io::Clock {
 public:
  io::TimePoint now() override { return now_ += std::chrono::microseconds(10); }
  std::chrono::sys_time<std::chrono::milliseconds> wall() override { return {}; }

 private:
  io::TimePoint now_{std::chrono::hours(1)};
};

class FakeRandom final : public io::Random {
 public:
  std::uint64_t next() override { return ++last_; }

 private:
  std::uint64_t last_ = 0;
};

class FakeResolver final : public io::Resolver {
 public:
  void resolve(const std::string&, std::uint16_t, io::TimePoint, Done) override { std::abort(); }
};

/// One stream; `Peer` is what stands at its other end.
class FakeNet final : public io::Net {
 public:
  class Peer {
   public:
    virtual ~Peer() = default;
    /// Bytes that wait to be read.
    virtual bool has_input() = 0;
    virtual std::size_t read(std::span<std::uint8_t> into) = 0;
    virtual void written(std::span<const io::Slice> pieces) = 0;
  };
  explicit FakeNet(Peer& peer) : peer_(peer) {}

  Result<io::Handle> listen(const io::Address&, const io::ListenOptions&) override { std::abort(); }
  Result<io::Accepted> accept(io::Handle) override { std::abort(); }
  Result<io::Handle> connect(const io::Address&) override { return io::Handle{3}; }
  Result<void> connect_result(io::Handle) override { return {}; }
  io::Transfer read(io::Handle, std::span<std::uint8_t> into) override {
    return {io::Transfer::Status::kOk, peer_.read(into)};
  }
  io::Transfer write(io::Handle, std::span<const io::Slice> pieces) override {
    std::size_t bytes = 0;
    for (const io::Slice& piece : pieces) bytes += piece.size;
    peer_.written(pieces);
    return {io::Transfer::Status::kOk, bytes};
  }
  void shutdown_write(io::Handle) override {}
  void close(io::Handle) override {}
  io::Address local_address(io::Handle) override { return {}; }
  std::string own_host() override { return "127.0.0.1"; }
  std::unique_ptr<io::Poller> make_poller() override { return std::make_unique<Poller>(peer_); }

 private:
  class Poller final : public io::Poller {
   public:
    explicit Poller(Peer& peer) : peer_(peer) {}
    void add(io::Handle, io::Interest interest, void* tag) override { modify({}, interest, tag); }
    void modify(io::Handle, io::Interest interest, void* tag) override {
      tag_ = tag;
      interest_ = interest;
    }
    void remove(io::Handle) override { tag_ = nullptr; }
    std::span<const Event> wait(io::TimePoint) override {
      event_ = {tag_, interest_.read && peer_.has_input(), interest_.write, false};
      return {&event_, tag_ && (event_.readable || event_.writable) ? std::size_t{1} : 0};
    }
    void wake() noexcept override {}

   private:
    Peer& peer_;
    void* tag_ = nullptr;
    io::Interest interest_;
    Event event_{};
  };
  Peer& peer_;
};

/// No threads: the program turns the shard itself.
class FakeBlocking final : public io::Blocking {
 public:
  Thread start(std::string_view, std::function<bool()>) override { std::abort(); }
  void join(Thread) override {}
  bool wait(std::atomic<std::uint32_t>&, std::uint32_t, io::TimePoint) override { std::abort(); }
  void wake(std::atomic<std::uint32_t>&, bool) noexcept override {}
};

class FakeDisk final : public io::Disk {
 public:
  Result<io::Handle> open(const std::string&, bool) override { std::abort(); }
  Result<std::size_t> read_at(io::Handle, std::uint64_t, std::span<std::uint8_t>) override { std::abort(); }
  Result<void> write_at(io::Handle, std::uint64_t, BytesView) override { std::abort(); }
  Result<void> sync(io::Handle) override { std::abort(); }
  Result<std::uint64_t> size(io::Handle) override { std::abort(); }
  void close(io::Handle) override {}
  Result<void> rename(const std::string&, const std::string&) override { std::abort(); }
  Result<void> remove(const std::string&) override { std::abort(); }
  Result<void> sync_directory(const std::string&) override { std::abort(); }
  Result<std::vector<std::string>> list(const std::string&) override { std::abort(); }
};

}  // namespace sofa::bench
