#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

// Latencies in logarithmic buckets, 64 in each power of two: every value is known to 1.6 %.
class Histogram {
 public:
  void add(std::int64_t nanoseconds) {
    ++counts_[index(nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds))];
    ++total_;
  }
  void merge(const Histogram& other) {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
  }
  std::uint64_t total() const { return total_; }
  double microseconds(double quantile) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (seen >= rank && seen > 0) return static_cast<double>(upper(i)) / 1000;
    }
    return 0;
  }

 private:
  static constexpr int kBits = 6;
  static constexpr std::size_t kBuckets = (64 - kBits + 1) << kBits;

  static std::size_t index(std::uint64_t value) {
    const int shift = std::bit_width(value >> kBits);  // 0 while every value has its own bucket
    return shift == 0 ? value : (static_cast<std::size_t>(shift) << kBits) + ((value >> (shift - 1)) & 63);
  }
  static std::uint64_t upper(std::size_t index) {
    const std::size_t shift = index >> kBits;
    return shift == 0 ? index : ((64 + (index & 63) + 1) << (shift - 1)) - 1;
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(kBuckets);
  std::uint64_t total_ = 0;
};
