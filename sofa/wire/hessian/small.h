// Tables that allocate nothing while they are small: a message of usual size fits their inline room.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sofa::hessian {

/// A growing array of plain values: the first N inline, all of them on the heap once there are more.
template <class T, std::size_t N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T* data() { return size_ > N ? heap_.data() : inline_; }
  const T* data() const { return size_ > N ? heap_.data() : inline_; }
  void push_back(T value) {
    if (size_ < N) [[likely]] {
      inline_[size_++] = value;
    } else {
      if (size_ == N) heap_.assign(inline_, inline_ + N);
      heap_.push_back(value);
      ++size_;
    }
  }
  T pop_back() {
    const T last = data()[size_ - 1];
    if (size_ > N) heap_.pop_back();
    if (--size_ == N) std::copy_n(heap_.begin(), N, inline_);
    return last;
  }

 private:
  std::size_t size_ = 0;
  T inline_[N];
  std::vector<T> heap_;
};

/// A map that only grows: the first N entries are searched one by one, more go to a hash table.
template <class K, class V, std::size_t N, class Hash = std::hash<K>>
class SmallMap {
 public:
  std::size_t size() const { return size_; }
  const V* find(const K& key) const {
    if (size_ <= N) [[likely]] {
      for (std::size_t i = 0; i < size_; ++i) {
        if (inline_[i].first == key) return &inline_[i].second;
      }
      return nullptr;
    }
    const auto it = heap_->find(key);
    return it == heap_->end() ? nullptr : &it->second;
  }
  /// The key must not be there yet.
  void insert(K key, V value) {
    if (size_ < N) [[likely]] {
      inline_[size_++] = {key, value};
      return;
    }
    if (size_ == N) heap_ = std::make_unique<Heap>(inline_.begin(), inline_.end());
    heap_->emplace(key, value);
    ++size_;
  }
  template <class Fn>
  void for_each(Fn&& fn) const {
    if (size_ <= N) {
      for (std::size_t i = 0; i < size_; ++i) fn(inline_[i].first, inline_[i].second);
    } else {
      for (const auto& [key, value] : *heap_) fn(key, value);
    }
  }

 private:
  using Heap = std::unordered_map<K, V, Hash>;
  std::size_t size_ = 0;
  std::array<std::pair<K, V>, N> inline_;
  std::unique_ptr<Heap> heap_;  // seldom there, so it shall cost nothing to make and to drop
};

}  // namespace sofa::hessian
