#include "sofa/base/histogram.h"

#include <algorithm>
#include <cmath>

namespace sofa {

void HistogramSnapshot::add(const Histogram& histogram) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const std::uint64_t n = histogram.buckets_[i].value();
    buckets_[i] += n;
    count_ += n;
  }
  sum_ += histogram.sum_.value();
  max_ = std::max(max_, histogram.max_.value());
}

void HistogramSnapshot::add(const HistogramSnapshot& other) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

HistogramSnapshot HistogramSnapshot::since(const HistogramSnapshot& earlier) const noexcept {
  HistogramSnapshot difference = *this;
  for (std::size_t i = 0; i < buckets_.size(); ++i) difference.buckets_[i] -= earlier.buckets_[i];
  difference.count_ -= earlier.count_;
  difference.sum_ -= earlier.sum_;
  return difference;
}

std::uint64_t HistogramSnapshot::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  const double share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_);
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::ceil(share)), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return i + 1 == buckets_.size() ? max_ : std::min(Histogram::value_of(i), max_);
  }
  return max_;
}

std::uint64_t HistogramSnapshot::count_at_most(std::uint64_t limit) const noexcept {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i <= Histogram::bucket_of(limit); ++i) seen += buckets_[i];
  return seen;
}

}  // namespace sofa
