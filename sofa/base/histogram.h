// Histogram: how a measure is spread (latencies, sizes), in fixed memory, with an error of at most 1.6 %.
//
//   Histogram latency_ns;                        // the unit is the caller's
//   latency_ns.record(12'345);                   // some nanoseconds, no allocation, no lock
//   HistogramSnapshot all;                       // on any thread
//   for (auto& shard : shards) all.add(shard.latency_ns);
//   all.percentile(99.9);
//
// Values below 64 are counted one by one; above, each power of two is cut into 32 buckets, and a percentile is the
// middle of its bucket. Values from 2^40 on (18 minutes in nanoseconds) share the last bucket; their sum and maximum
// stay exact.
// Threads: one writer, the owning shard; any thread may take a snapshot meanwhile, which is then as of about now: each
// number in it is one that was true, though not all at the same instant. Errors: none.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sofa {

/// A number that one thread writes and any thread may read: adding takes no locked instruction.
class SingleWriter {
 public:
  void add(std::uint64_t n) noexcept { set(value() + n); }
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Histogram {
 public:
  /// Buckets a power of two, and the bits of the largest value told apart.
  static constexpr int kSubBits = 5;
  static constexpr int kMaxBits = 40;
  static constexpr std::size_t kBuckets = static_cast<std::size_t>(kMaxBits - kSubBits + 1) << kSubBits;

  void record(std::uint64_t value) noexcept {
    buckets_[bucket_of(value)].add(1);
    sum_.add(value);
    if (value > max_.value()) max_.set(value);
  }

  /// The bucket that counts a value.
  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    constexpr std::uint64_t kLast = (std::uint64_t{1} << kMaxBits) - 1;
    if (value > kLast) [[unlikely]]
      value = kLast;
    const int width = std::bit_width(value | (std::uint64_t{1} << kSubBits));
    const int shift = width - kSubBits - 1;
    return (static_cast<std::size_t>(shift) << kSubBits) + static_cast<std::size_t>(value >> shift);
  }
  /// The middle of a bucket: what its values are reported as.
  static constexpr std::uint64_t value_of(std::size_t bucket) noexcept {
    if (bucket < std::size_t{2} << kSubBits) return bucket;
    const std::size_t shift = (bucket >> kSubBits) - 1;
    const std::uint64_t low = (bucket - (shift << kSubBits)) << shift;
    return low + (std::uint64_t{1} << shift) / 2;
  }

 private:
  friend class HistogramSnapshot;
  std::array<SingleWriter, kBuckets> buckets_{};
  SingleWriter sum_;
  SingleWriter max_;
};

/// What one or several histograms of the same unit held. Of 9 KiB, so mind the stack.
class HistogramSnapshot {
 public:
  void add(const Histogram& histogram) noexcept;
  void add(const HistogramSnapshot& other) noexcept;
  /// What happened since `earlier`, a snapshot of the same histograms. The maximum stays that of all time.
  HistogramSnapshot since(const HistogramSnapshot& earlier) const noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum() const noexcept { return sum_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  /// The value that `percent` (0 to 100) of all values do not exceed; never above max(); 0 where there are none.
  std::uint64_t percentile(double percent) const noexcept;
  /// How many values are at most `limit`, within the bucket's error: a cumulative bucket as Prometheus has it.
  std::uint64_t count_at_most(std::uint64_t limit) const noexcept;

 private:
  std::array<std::uint64_t, Histogram::kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace sofa
