// Where a Writer's bytes go: memory that is handed out in spans, so that the writer stores straight into it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "sofa/base/bytes.h"

namespace sofa::hessian {

class Sink {
 public:
  virtual ~Sink() = default;
  /// Keeps the first `used` bytes of the span handed out before, and hands out the next, of `need` bytes at least
  /// (at most a few dozen). With `need` 0 the writer is done; the result is not used then.
  virtual std::span<std::uint8_t> grow(std::size_t used, std::size_t need) = 0;
};

/// Appends to a block of bytes; after Writer::finish() the block ends with what was written.
class BytesSink final : public Sink {
 public:
  explicit BytesSink(Bytes& out) : out_(out), used_(out.size()) {}
  std::span<std::uint8_t> grow(std::size_t used, std::size_t need) override {
    used_ += used;
    if (need == 0) {
      out_.resize(used_);
      return {};
    }
    out_.resize(std::max({used_ + need, out_.capacity(), used_ * 2, kFirst}));
    return {out_.data() + used_, out_.size() - used_};
  }

 private:
  static constexpr std::size_t kFirst = 256;
  Bytes& out_;
  std::size_t used_;
};

}  // namespace sofa::hessian
