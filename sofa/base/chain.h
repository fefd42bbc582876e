// Chain: the bytes that wait to be sent on a connection, in blocks that never move. Encoders write into its tail, the
// event loop hands its front to writev and consumes what went out.
//
//   auto room = chain.reserve(4);                // a place for a length that is not known yet
//   chain.commit(4);
//   chain.append(body);
//   store_be32(room.data(), body.size());        // blocks stay where they are, so the place is still there
//   Chain::Slice slices[16];
//   std::size_t count = chain.fill(slices, 16);  // laid out as struct iovec
//   chain.consume(written);
//
// Blocks are ref-counted and come from a bounded freelist of the thread, so writing and sending allocate nothing once a
// shard is warm. An empty chain holds no block. Data of one block can be in several chains without a copy
// (append_shared): that is how a proxy passes on what it received.
// Ownership: move-only, a chain owns its references. Threads: a chain belongs to one thread at a time; it may move to
// another, and blocks may be let go of anywhere. Errors: none; limits on a chain's size are its connection's business.
#pragma once

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "sofa/base/bytes.h"

namespace sofa {

/// A reference to a block of memory that is freed with its last reference. Copies share the block.
class BlockRef {
 public:
  /// What a block of the pool holds; with its header it is 16 KiB.
  static constexpr std::size_t kDefaultCapacity = 16 * 1024 - 16;
  /// How many blocks of that size a thread keeps for reuse.
  static constexpr std::size_t kPooledBlocks = 64;

  BlockRef() noexcept = default;
  /// A block of at least that capacity, its content undefined; of kDefaultCapacity it comes from the thread's pool.
  static BlockRef make(std::size_t capacity = kDefaultCapacity);

  BlockRef(const BlockRef& other) noexcept : header_(other.header_) {
    if (header_) header_->references.fetch_add(1, std::memory_order_relaxed);
  }
  BlockRef(BlockRef&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~BlockRef() {
    if (header_ && header_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) free_block(header_);
  }

  explicit operator bool() const noexcept { return header_ != nullptr; }
  std::uint8_t* data() const noexcept { return reinterpret_cast<std::uint8_t*>(header_ + 1); }
  std::size_t capacity() const noexcept { return header_->capacity; }
  /// Whether this is the only reference, so that its holder may write anywhere in the block.
  bool unique() const noexcept { return header_->references.load(std::memory_order_acquire) == 1; }

  /// The calling thread's pool: blocks taken from the heap since it started, and blocks at rest in it now.
  struct PoolStats {
    std::uint64_t fresh;
    std::size_t pooled;
  };
  static PoolStats pool_stats() noexcept;

 private:
  friend struct BlockPool;
  struct Header {
    union {
      std::atomic<std::size_t> references;  // while in use
      Header* next;                         // while in a pool
    };
    std::size_t capacity;
  };
  static_assert(sizeof(Header) == 16);
  static void free_block(Header* header) noexcept;

  explicit BlockRef(Header* header) noexcept : header_(header) {}
  Header* header_ = nullptr;
};

class Chain {
 public:
  /// A run of bytes to be sent; its layout is that of POSIX's struct iovec.
  struct Slice {
    const void* data;
    std::size_t size;
  };

  Chain() noexcept = default;
  Chain(Chain&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)),
        tail_(std::exchange(other.tail_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Chain& operator=(Chain&& other) noexcept {
    if (this != &other) {
      clear();
      head_ = std::exchange(other.head_, nullptr);
      tail_ = std::exchange(other.tail_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~Chain() { clear(); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// At least `n` contiguous writable bytes behind the chain's end, usually more. They join the chain by commit; until
  /// then the next append, reserve or splice takes them back.
  std::span<std::uint8_t> reserve(std::size_t n) {
    if (tail_ == nullptr || static_cast<std::size_t>(tail_->limit - tail_->end) < n) [[unlikely]]
      grow(n);
    return {tail_->end, tail_->limit};
  }
  /// Takes the first `n` bytes of the last reserve into the chain.
  void commit(std::size_t n) noexcept {
    assert(n == 0 || (tail_ != nullptr && n <= static_cast<std::size_t>(tail_->limit - tail_->end)));
    if (n == 0) return;
    tail_->end += n;
    size_ += n;
  }
  /// Copies bytes to the end.
  void append(BytesView bytes);
  /// Appends bytes that lie inside `block`, without a copy. Nobody may write to them from now on.
  void append_shared(BlockRef block, BytesView bytes);
  /// Moves the whole content of `other` to the end, without a copy. Every splice costs a slice when sent, so encode
  /// many small messages into one chain rather than splice them.
  void splice(Chain&& other) noexcept;

  /// Describes the chain's front in at most `max` slices, none of them empty; gives their count.
  std::size_t fill(Slice* slices, std::size_t max) const noexcept;
  /// Drops `n` <= size() bytes from the front.
  void consume(std::size_t n) noexcept;
  /// Drops what lies beyond the first `size` bytes: how a message that could not be encoded is taken back.
  void truncate(std::size_t size) noexcept;
  void clear() noexcept;

  /// Copies the whole content out.
  Bytes to_bytes() const;

 private:
  friend struct SegmentPool;
  struct Segment {
    Segment* next = nullptr;
    BlockRef block;
    std::uint8_t* begin = nullptr;
    std::uint8_t* end = nullptr;
    std::uint8_t* limit = nullptr;  // where this chain's right to write ends; `end` for shared bytes
  };

  void grow(std::size_t n);
  void push(BlockRef block, std::uint8_t* begin, std::uint8_t* end, std::uint8_t* limit);
  void pop_front() noexcept;

  Segment* head_ = nullptr;
  Segment* tail_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(sizeof(Chain) <= 32, "an idle connection holds one");

}  // namespace sofa
