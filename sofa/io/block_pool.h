// Block pool: memory for what lives as long as one call or one connection: coroutine frames, contexts, connections,
// unfinished input. Each thread keeps freed blocks in lists by size class, so the steady state never reaches malloc.
//
// Every block is an allocation of its own: one that is freed on another thread than it came from just changes lists.
// A thread keeps at most kMaxCached bytes. Blocks above kMaxBlock go straight to malloc. Under the address sanitizer
// nothing is cached, so that it sees each use after free.
#pragma once

#include <cstddef>

namespace sofa::io {

inline constexpr std::size_t kMaxPooledBlock = 64 * 1024;
inline constexpr std::size_t kMaxCachedBytes = 4 * 1024 * 1024;

[[nodiscard]] void* allocate_block(std::size_t size);
/// `size` is the one that was asked for.
void free_block(void* block, std::size_t size) noexcept;

/// Bytes that the calling thread's lists hold now.
std::size_t cached_block_bytes() noexcept;

/// Gives a class operator new and delete from the block pool.
struct Pooled {
  static void* operator new(std::size_t size) { return allocate_block(size); }
  static void operator delete(void* block, std::size_t size) noexcept { free_block(block, size); }
};

}  // namespace sofa::io
