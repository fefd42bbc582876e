// Load: calls a service again and again from one shard and keeps count.
//
//   Load load(context.shards()[0], reference, call);
//   load.start_closed(64);                       // 64 callers, each with one call at a time
//   …                                            // read `counts()` from this thread meanwhile
//   load.stop(grace);
//
// Open loop: calls are due at fixed times, whatever became of those before, and their latency counts from then; the
// shard never sleeps, so that they start on time. Threads: a plain one makes, starts and stops; the shard calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "sofa/base/histogram.h"
#include "sofa/cli/generic_call.h"
#include "sofa/io/gate.h"
#include "sofa/io/shard.h"

namespace sofa::cli {

class Load {
 public:
  struct Counts {
    HistogramSnapshot latency_ns;  // of answered calls
    std::uint64_t errors = 0;

    Counts since(const Counts& earlier) const {
      return {latency_ns.since(earlier.latency_ns), errors - earlier.errors};
    }
  };

  Load(io::Shard& shard, rpc::GenericReference reference, const GenericCall& call)
      : shard_(shard), reference_(std::move(reference)), call_(call) {}

  void start_closed(std::uint32_t callers);
  void start_open(double rate);
  /// Starts no further call and waits for those under way.
  void stop(io::Duration grace);

  Counts counts() const;
  std::optional<Error> first_error() const;

 private:
  Task<void> caller();
  Task<void> pacer(double rate);
  Task<void> one(io::TimePoint due);
  Task<void> close();
  bool record(io::TimePoint due, const Result<hessian::Value>& answer);
  void failed(const Error& error);

  io::Shard& shard_;
  const rpc::GenericReference reference_;
  const GenericCall& call_;
  std::atomic<bool> stopping_{false};
  Gate gate_;
  Histogram latency_ns_;
  SingleWriter errors_;
  mutable std::mutex mutex_;  // first_error_: taken once
  std::optional<Error> first_error_;
};

}  // namespace sofa::cli
