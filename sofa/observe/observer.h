// Observer: what one shard counts and keeps of its calls. One a shard, made by Telemetry; rpc asks for it once and
// tests the pointer on each call.
//
//   if (observer) observer->on_wait(Side::kServer, method);
//   …
//   if (observer) observer->keeps(trace) ? observer->on_call(record) : observer->on_end(count, remote_app);
//
// Counting costs a few stores; copies for logs and spans go to rings of fixed size, and what finds no room there is
// dropped and counted. Nothing waits, locks or allocates, but for a method's first call on a shard.
// Threads: the shard's own; Counters, StatTable and rings say what others may read. Errors: none.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "sofa/base/counters.h"
#include "sofa/observe/call_record.h"
#include "sofa/observe/ring.h"
#include "sofa/observe/sampler.h"
#include "sofa/observe/stat_table.h"

namespace sofa::observe {

/// Wakes the thread that writes logs before a ring is full.
struct LogSignal {
  io::Blocking& blocking;
  std::atomic<std::uint32_t> word{0};

  void raise() noexcept {
    word.fetch_add(1, std::memory_order_release);
    blocking.wake(word, false);
  }
};

class Observer {
 public:
  struct Options {
    std::size_t log_ring = 0;   // calls that wait for the log's writer; 0: no digest
    std::size_t span_ring = 0;  // sampled calls that wait for the exporter; 0: no spans
    bool only_sampled_digests = false;
    bool stat = false;
    Sampler sampler{0};
    LogSignal* signal = nullptr;
  };
  /// `methods` and `clock` outlive it.
  Observer(int shard, const MethodTable& methods, io::Clock& clock, const Options& options);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// A call is under way and does not end in this turn: it is in flight until its end says that it waited.
  void on_wait(Side side, MethodId method) noexcept { figures(side, method).in_flight->add(1); }
  /// A call has ended, or was refused: counts it.
  void on_end(const CallCount& call, std::string_view remote_app) noexcept;
  /// The same, and keeps a copy for logs and spans. Only needed where `keeps` says so.
  void on_call(const CallRecord& call) noexcept;

  /// When a call begins that is looked at now, without reading the clock: `turn`, or the end of the call before.
  io::TimePoint start_time(io::TimePoint turn) const noexcept { return std::max(turn, latest_); }
  /// Reads the clock.
  io::TimePoint end_time() noexcept { return latest_ = clock_.now(); }
  /// Whether a trace that starts here is recorded: decided once, for all who take part in it.
  void decide(TraceContext& root) const;
  /// Whether a call of this trace is written down; its phases are wanted then, for which the clock has to be read more
  /// often.
  bool keeps(const TraceContext& trace) const noexcept {
    return keeps_all_ || (samples() && options_.sampler.records(sampled_by(trace), trace.trace_id.view()));
  }

  /// The shard's figures; others may be registered too.
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  const StatTable* stat() const { return stat_.get(); }
  Ring<FinishedCall>* log_ring() { return log_ring_.get(); }
  Ring<FinishedCall>* span_ring() { return span_ring_.get(); }
  const MethodTable& methods() const { return methods_; }
  int shard() const { return shard_; }

 private:
  struct MethodFigures {
    Gauge* in_flight = nullptr;
    Histogram* duration = nullptr;
    std::array<Counter*, kOutcomes> outcomes{};
    std::array<StatTable::Row*, 2> rows{};  // failed, done: of the application that called last
  };
  /// Each side's other methods come first.
  static std::size_t place(Side side, MethodId method) {
    return method == 0 ? static_cast<std::size_t>(side) : method + 1;
  }
  MethodFigures& figures(Side side, MethodId method) noexcept {
    MethodFigures& found = figures_[place(side, method)];
    if (!found.duration) [[unlikely]]
      make(side, method, found);
    return found;
  }
  void make(Side side, MethodId method, MethodFigures& figures) noexcept;
  void make_outcome(const CallCount& call, Counter*& outcome) noexcept;
  void count_stat(const CallCount& call, std::string_view remote_app, MethodFigures& figures) noexcept;
  void keep(const CallRecord& call) noexcept;
  bool samples() const noexcept { return span_ring_ || options_.only_sampled_digests; }

  const int shard_;
  const MethodTable& methods_;
  io::Clock& clock_;
  const Options options_;
  const bool keeps_all_;
  io::TimePoint latest_{};
  Counters counters_;
  std::vector<MethodFigures> figures_;
  std::unique_ptr<StatTable> stat_;
  std::unique_ptr<Ring<FinishedCall>> log_ring_;
  std::unique_ptr<Ring<FinishedCall>> span_ring_;
};

}  // namespace sofa::observe
