// FrameBuffer: one Bolt frame while it is built, in memory that is reused from frame to frame.
//
//   FrameBuffer frame;
//   frame.clear();
//   frame.append(constant_front);
//   hessian::Writer to(frame); to.write_int(1); to.finish();
//   out.append(frame.bytes());
//
// Contiguous, so that lengths can be patched and a CRC taken over it before it goes to a connection. Memory beyond
// kKeptBytes is given back by clear(). One thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>

#include "sofa/base/bytes.h"
#include "sofa/wire/hessian/sink.h"

namespace sofa::rpc {

class FrameBuffer final : public hessian::Sink {
 public:
  static constexpr std::size_t kKeptBytes = 256 * 1024;

  void clear() {
    size_ = 0;
    if (capacity_ > kKeptBytes) [[unlikely]] {
      memory_.reset();
      capacity_ = 0;
    }
  }
  /// Room for `bytes` more; they count as written.
  std::uint8_t* extend(std::size_t bytes) {
    if (capacity_ - size_ < bytes) [[unlikely]]
      reserve(size_ + bytes);
    std::uint8_t* at = memory_.get() + size_;
    size_ += bytes;
    return at;
  }
  void append(BytesView bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }

  std::uint8_t* data() { return memory_.get(); }
  std::size_t size() const { return size_; }
  BytesView bytes() const { return {memory_.get(), size_}; }

  std::span<std::uint8_t> grow(std::size_t used, std::size_t need) override {
    size_ += used;
    if (need == 0) return {};
    if (capacity_ - size_ < need) [[unlikely]]
      reserve(size_ + need);
    return {memory_.get() + size_, capacity_ - size_};
  }

 private:
  void reserve(std::size_t bytes) {
    const std::size_t capacity = std::max({bytes, capacity_ * 2, std::size_t{4096}});
    auto memory = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (size_ > 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sofa::rpc
