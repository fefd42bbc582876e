#include "sofa/base/chain.h"

#include <cstring>
#include <new>

namespace sofa {

namespace {

/// A bounded freelist that a thread can use from its first moment to its last: the list itself is trivial, and Closer
/// empties it at the thread's end, after which nothing more is kept.
template <class T, std::size_t kLimit>
struct FreeList {
  T* first;
  std::size_t count;
  bool closed;

  T* take() noexcept {
    T* item = first;
    if (item != nullptr) {
      first = item->next;
      --count;
    }
    return item;
  }
  bool give(T* item) noexcept {
    if (closed || count == kLimit) return false;
    item->next = first;
    first = item;
    ++count;
    return true;
  }
};

/// The calling thread's list for Pool, emptied by Pool::free when the thread ends.
template <class Pool>
auto& local() {
  struct Closer {
    ~Closer() {
      Pool::list.closed = true;
      while (auto* item = Pool::list.take()) Pool::free(item);
    }
  };
  thread_local Closer closer;
  (void)closer;
  return Pool::list;
}

}  // namespace

struct BlockPool {
  static constinit thread_local FreeList<BlockRef::Header, BlockRef::kPooledBlocks> list;
  static constinit thread_local std::uint64_t fresh;
  static void free(BlockRef::Header* header) { ::operator delete(header); }
};
constinit thread_local FreeList<BlockRef::Header, BlockRef::kPooledBlocks> BlockPool::list{};
constinit thread_local std::uint64_t BlockPool::fresh = 0;

struct SegmentPool {
  static constinit thread_local FreeList<Chain::Segment, 4 * BlockRef::kPooledBlocks> list;
  static void free(Chain::Segment* segment) { delete segment; }
  static Chain::Segment* take() {
    Chain::Segment* segment = list.take();
    return segment != nullptr ? segment : new Chain::Segment;
  }
  static void give(Chain::Segment* segment) noexcept {
    segment->block = BlockRef();
    if (!local<SegmentPool>().give(segment)) delete segment;
  }
};
constinit thread_local FreeList<Chain::Segment, 4 * BlockRef::kPooledBlocks> SegmentPool::list{};

BlockRef BlockRef::make(std::size_t capacity) {
  capacity = std::max(capacity, kDefaultCapacity);
  Header* header = capacity == kDefaultCapacity ? BlockPool::list.take() : nullptr;
  if (header == nullptr) {
    header = static_cast<Header*>(::operator new(sizeof(Header) + capacity));
    ++BlockPool::fresh;
  }
  new (&header->references) std::atomic<std::size_t>(1);
  header->capacity = capacity;
  return BlockRef(header);
}

void BlockRef::free_block(Header* header) noexcept {
  if (header->capacity != kDefaultCapacity || !local<BlockPool>().give(header)) ::operator delete(header);
}

BlockRef::PoolStats BlockRef::pool_stats() noexcept {
  return {BlockPool::fresh, BlockPool::list.count};
}

void Chain::push(BlockRef block, std::uint8_t* begin, std::uint8_t* end, std::uint8_t* limit) {
  Segment* segment = SegmentPool::take();
  segment->next = nullptr;
  segment->block = std::move(block);
  segment->begin = begin;
  segment->end = end;
  segment->limit = limit;
  (tail_ != nullptr ? tail_->next : head_) = segment;
  tail_ = segment;
}

void Chain::grow(std::size_t n) {
  BlockRef block = BlockRef::make(n);
  std::uint8_t* data = block.data();
  std::uint8_t* limit = data + block.capacity();
  push(std::move(block), data, data, limit);
}

void Chain::append(BytesView bytes) {
  while (!bytes.empty()) {
    auto room = reserve(1);
    const std::size_t n = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), n);
    commit(n);
    bytes = bytes.subspan(n);
  }
}

void Chain::append_shared(BlockRef block, BytesView bytes) {
  if (bytes.empty()) return;
  assert(bytes.data() >= block.data() && bytes.data() + bytes.size() <= block.data() + block.capacity());
  auto* begin = const_cast<std::uint8_t*>(bytes.data());  // never written through: limit is the end
  push(std::move(block), begin, begin + bytes.size(), begin + bytes.size());
  size_ += bytes.size();
}

void Chain::splice(Chain&& other) noexcept {
  assert(this != &other);
  if (other.empty()) return other.clear();
  if (empty()) clear();  // a reserved but never used block must not stay in front
  (tail_ != nullptr ? tail_->next : head_) = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  size_ += std::exchange(other.size_, 0);
}

std::size_t Chain::fill(Slice* slices, std::size_t max) const noexcept {
  std::size_t count = 0;
  for (const Segment* segment = head_; segment != nullptr && count < max; segment = segment->next) {
    if (segment->begin == segment->end) continue;
    slices[count++] = {segment->begin, static_cast<std::size_t>(segment->end - segment->begin)};
  }
  return count;
}

void Chain::pop_front() noexcept {
  Segment* segment = head_;
  head_ = segment->next;
  if (head_ == nullptr) tail_ = nullptr;
  SegmentPool::give(segment);
}

void Chain::consume(std::size_t n) noexcept {
  assert(n <= size_);
  size_ -= n;
  if (size_ == 0) return clear();
  while (n > 0) {
    const auto held = static_cast<std::size_t>(head_->end - head_->begin);
    if (n < held) {
      head_->begin += n;
      return;
    }
    n -= held;
    pop_front();
  }
}

void Chain::truncate(std::size_t size) noexcept {
  if (size >= size_) return;
  if (size == 0) return clear();
  size_ = size;
  Segment* segment = head_;
  for (std::size_t held; (held = static_cast<std::size_t>(segment->end - segment->begin)) < size; size -= held) {
    segment = segment->next;
  }
  const bool writable = segment->limit != segment->end;
  segment->end = segment->begin + size;
  if (!writable) segment->limit = segment->end;
  tail_ = segment;
  for (Segment* rest = std::exchange(segment->next, nullptr); rest != nullptr;) {
    SegmentPool::give(std::exchange(rest, rest->next));
  }
}

void Chain::clear() noexcept {
  while (head_ != nullptr) pop_front();
  size_ = 0;
}

Bytes Chain::to_bytes() const {
  Bytes bytes;
  bytes.reserve(size_);
  for (const Segment* segment = head_; segment != nullptr; segment = segment->next) {
    bytes.insert(bytes.end(), segment->begin, segment->end);
  }
  return bytes;
}

}  // namespace sofa
