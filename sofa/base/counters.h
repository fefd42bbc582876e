// Counters: the named figures of one shard, for whoever exports them. The shard writes without locks or locked
// instructions, any thread reads.
//
//   Counters counters;                                              // one a shard, made at start-up
//   Counter& calls = counters.counter("sofa_rpc_calls_total", "calls answered");   // once; the reference stays good
//   calls.add();                                                     // on the data path
//   for (const Figure& figure : collect(all_shards)) …                // anywhere: summed over the shards by name
//
// Names follow Prometheus, with the unit as the last word and labels, where there are any, written into the name:
// `sofa_rpc_latency_seconds{service="…"}`. A name always has one kind.
// Bounded: a registry holds `capacity` figures. What is asked for beyond that gets a figure that counts but is not
// exported, and `refused()` says how many names that happened to.
// Threads: the owning shard registers and writes; any thread may collect meanwhile. Errors: none.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sofa/base/histogram.h"

namespace sofa {

/// A number that only grows.
class Counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.add(n); }
  std::uint64_t value() const noexcept { return value_.value(); }

 private:
  SingleWriter value_;
};

/// A number that comes and goes (connections, bytes in flight).
class Gauge {
 public:
  void add(std::int64_t n = 1) noexcept { value_.add(static_cast<std::uint64_t>(n)); }
  void set(std::int64_t value) noexcept { value_.set(static_cast<std::uint64_t>(value)); }
  std::int64_t value() const noexcept { return static_cast<std::int64_t>(value_.value()); }

 private:
  SingleWriter value_;
};

enum class FigureKind : std::uint8_t { kCounter, kGauge, kHistogram };

/// One figure as it stood, summed over shards.
struct Figure {
  std::string name;
  std::string help;
  FigureKind kind = FigureKind::kCounter;
  std::int64_t value = 0;                        // counters and gauges
  std::unique_ptr<HistogramSnapshot> histogram;  // histograms
};

class Counters {
 public:
  static constexpr std::size_t kDefaultCapacity = 1024;

  explicit Counters(std::size_t capacity = kDefaultCapacity);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  /// The figure of that name, made at the first call. `help` is one line for the exporter. References stay good as long
  /// as this object. Asking for an existing name as another kind gives a figure that is not exported.
  Counter& counter(std::string_view name, std::string_view help);
  Gauge& gauge(std::string_view name, std::string_view help);
  Histogram& histogram(std::string_view name, std::string_view help);

  std::size_t size() const noexcept { return published_.load(std::memory_order_acquire); }
  std::uint64_t refused() const noexcept { return refused_.value(); }

 private:
  friend std::vector<Figure> collect(std::span<const Counters* const> shards);
  struct Entry;
  template <class T>
  T& find_or_make(std::string_view name, std::string_view help);

  std::vector<std::unique_ptr<Entry>> entries_;  // as long as the capacity from the start; never moved
  std::atomic<std::size_t> published_{0};        // entries that readers may look at
  std::unordered_map<std::string_view, Entry*> by_name_;
  std::unique_ptr<Entry> spare_[3];  // what is handed out beyond the capacity, by kind
  SingleWriter refused_;
};

/// The figures of all shards, summed by name and sorted.
std::vector<Figure> collect(std::span<const Counters* const> shards);

}  // namespace sofa
