// QueuePatience: how long jobs may wait in a queue before it is better to refuse them.
//
//   if (!patience.covers(now - job.queued, 1.0F, now)) …        // refuse it, the next one may still be in time
//   patience.ran(span);                                         // what a job took
//
// A burst may wait until it is worked off. A queue that stands because more comes than can be done only makes everybody
// late by its length, so there a job may wait for about as long as one takes: that keeps all workers busy, and what is
// served is served in time. A queue stands when for an interval every job has waited; it does no more when none waited
// for long in a quarter of an interval. The interval is 20 times what a job takes, as CoDel has it (RFC 8289).
//
// Threads: one at a time. Pure: no clock.
#pragma once

#include "sofa/io/env.h"

namespace sofa::io {

class QueuePatience {
 public:
  static constexpr Duration kLeastTarget = std::chrono::milliseconds(5);
  static constexpr int kTargetsInInterval = 20;

  /// `fixed`: the longest wait there is, burst or not; 0: as above.
  explicit QueuePatience(Duration fixed = Duration::zero()) : fixed_(fixed) {}

  /// Whether a job that waited so long may still run. `share`: what it has of everybody's patience, up to 1.
  bool covers(Duration wait, float share, TimePoint now);
  void ran(Duration span);
  /// What a job takes, by the last ones; 0 before there was any.
  Duration job_time() const { return job_time_; }
  bool standing() const { return standing_; }

 private:
  const Duration fixed_;
  Duration job_time_{0};
  bool standing_ = false;
  TimePoint short_wait_at_{};  // when a job was last taken that hardly waited
  TimePoint long_wait_at_{};
};

}  // namespace sofa::io
