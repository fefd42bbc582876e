// HttpText: a string whose memory comes from the block pool, for what lives as long as one message.
#pragma once

#include <cstddef>
#include <string>

#include "sofa/io/block_pool.h"

namespace sofa::net {

template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return static_cast<T*>(io::allocate_block(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) noexcept { io::free_block(block, n * sizeof(T)); }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) { return true; }
};

using HttpText = std::basic_string<char, std::char_traits<char>, PoolAllocator<char>>;

}  // namespace sofa::net

extern template class std::basic_string<char, std::char_traits<char>, sofa::net::PoolAllocator<char>>;
