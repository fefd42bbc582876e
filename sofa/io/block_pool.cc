#include "sofa/io/block_pool.h"

#include <array>
#include <bit>
#include <new>

#include "sofa/base/fault.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SOFA_NO_BLOCK_CACHE
#endif
#endif

namespace sofa::io {
namespace {

constexpr std::size_t kFine = 64;                   // classes of 64 bytes up to 2 KiB, then powers of two
constexpr std::size_t kFineClasses = 2048 / kFine;  // 0..31
constexpr std::size_t kClasses = kFineClasses + std::bit_width(kMaxPooledBlock / 2048) - 1;

struct FreeBlock {
  FreeBlock* next;
};

struct ClassOf {
  std::size_t index;
  std::size_t bytes;
};

ClassOf class_of(std::size_t size) {
  if (size <= 2048) [[likely]] {
    const std::size_t index = size == 0 ? 0 : (size - 1) / kFine;
    return {index, (index + 1) * kFine};
  }
  const std::size_t bytes = std::bit_ceil(size);
  return {kFineClasses + static_cast<std::size_t>(std::bit_width(bytes / 2048)) - 2, bytes};
}

// Trivially destructible, so that objects which die later in the thread's end may still free into it.
struct Cache {
  std::array<FreeBlock*, kClasses> lists;
  std::size_t bytes;
  bool open;
  bool ended;
};
thread_local constinit Cache cache{};

struct AtThreadEnd {
  ~AtThreadEnd() {
    for (FreeBlock*& list : cache.lists) {
      while (FreeBlock* block = list) {
        list = block->next;
        ::operator delete(block);
      }
    }
    cache.bytes = 0;
    cache.open = false;
    cache.ended = true;
  }
};

void open_cache() {
  thread_local AtThreadEnd at_end;
  static_cast<void>(at_end);
  cache.open = true;
}

}  // namespace

void* allocate_block(std::size_t size) {
  if (size > kMaxPooledBlock) return ::operator new(size);
  const ClassOf c = class_of(size);
  FreeBlock* block = SOFA_FAULT("no-block-cached") ? nullptr : cache.lists[c.index];
  if (block) [[likely]] {
    cache.lists[c.index] = block->next;
    cache.bytes -= c.bytes;
    return block;
  }
  return ::operator new(c.bytes);
}

void free_block(void* memory, std::size_t size) noexcept {
#ifndef SOFA_NO_BLOCK_CACHE
  if (size <= kMaxPooledBlock) {
    const ClassOf c = class_of(size);
    if (!cache.open && !cache.ended) [[unlikely]]
      open_cache();
    if (cache.open && cache.bytes + c.bytes <= kMaxCachedBytes) [[likely]] {
      auto* block = static_cast<FreeBlock*>(memory);
      block->next = cache.lists[c.index];
      cache.lists[c.index] = block;
      cache.bytes += c.bytes;
      return;
    }
  }
#else
  static_cast<void>(size);
  static_cast<void>(&open_cache);
#endif
  ::operator delete(memory);
}

std::size_t cached_block_bytes() noexcept {
  return cache.bytes;
}

}  // namespace sofa::io
