#include "sofa/io/queue_patience.h"

#include <algorithm>

#include "sofa/base/mutant.h"

namespace sofa::io {
namespace {

Duration part(Duration whole, float share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * static_cast<double>(share)));
}

}  // namespace

bool QueuePatience::covers(Duration wait, float share, TimePoint now) {
  if (SOFA_MUTANT("queue-never-sheds")) return true;
  if (fixed_ > Duration::zero()) return wait <= part(fixed_, share);
  const Duration target = std::max(kLeastTarget, job_time_);
  const Duration interval = kTargetsInInterval * target;
  if (wait < target / 4 || short_wait_at_ == TimePoint{}) short_wait_at_ = now;
  if (wait > target / 2) long_wait_at_ = now;
  if (standing_ && now - long_wait_at_ >= interval / 4) {
    standing_ = false;
    short_wait_at_ = now;
  } else if (!standing_ && now - short_wait_at_ >= interval) {
    standing_ = true;
  }
  return wait <= part(standing_ ? target : interval, share);
}

void QueuePatience::ran(Duration span) {
  job_time_ += job_time_ == Duration::zero() ? span : (span - job_time_) / 8;
}

}  // namespace sofa::io
