// ByteQueue: bytes in, the same bytes out, in order.
#pragma once

#include <cassert>

#include "sofa/base/bytes.h"

namespace sofa::io::sim {

class ByteQueue {
 public:
  std::size_t size() const { return bytes_.size() - head_; }
  bool empty() const { return size() == 0; }
  BytesView front(std::size_t count) const {
    assert(count <= size());
    return BytesView(bytes_).subspan(head_, count);
  }
  void push(BytesView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void pop(std::size_t count) {
    assert(count <= size());
    head_ += count;
    if (head_ == bytes_.size()) {
      clear();
    } else if (head_ > bytes_.size() / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
  }
  void clear() {
    bytes_.clear();
    head_ = 0;
  }

 private:
  Bytes bytes_;
  std::size_t head_ = 0;
};

}  // namespace sofa::io::sim
