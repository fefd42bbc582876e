#include "sofa/rpc/polled_source.h"

#include "sofa/base/log.h"
#include "sofa/io/async.h"

namespace sofa::rpc {

PolledCore::PolledCore(const SourceEnvironment& environment, std::string url, io::Duration interval)
    : home_(environment.shards.any()),
      url_(std::move(url)),
      interval_(interval),
      timer_([](void* self) noexcept { static_cast<PolledCore*>(self)->ask_now(); }, this) {}

void PolledCore::start() {
  home_.post([self = shared_from_this()] { self->ask_now(); });
}

void PolledCore::stop() {
  // What is posted to a shard that is gone is dropped, and so is the timer then.
  home_.link()->post([self = shared_from_this()] {
    self->stopped_ = true;
    self->home_.timers().cancel(self->timer_);
  });
}

void PolledCore::ask_now() {
  if (stopped_) return;
  home_.timers().cancel(timer_);
  again_ = asking_;
  if (asking_) return;
  asking_ = true;
  ask();
}

void PolledCore::answered(const Result<void>& result) {
  asking_ = false;
  if (stopped_) return;
  if (result) {
    if (stale_since_ != io::kNever) log::info("the source of addresses answers again {}", log::kv("url", url_));
    stale_since_ = io::kNever;
  } else if (stale_since_ == io::kNever) {
    stale_since_ = home_.now();
    log::warn("the source of addresses cannot be asked: the last good lists stay {} {}", log::kv("url", url_),
              log::kv("why", result.error().message()));
    lists_->mark_stale(stale_since_);
  }
  if (std::exchange(again_, false)) {
    ask_now();
  } else {
    home_.timers().arm(timer_, home_.now() + interval_);
  }
}

Task<void> on_home(io::Shard& home, Task<void> task, io::Duration patience) {
  io::Shard& caller = *io::Shard::current();
  co_await switch_to(home);
  const Result<void> result = co_await as_result(with_deadline(home.now() + patience, std::move(task)));
  co_await switch_to(caller);
  if (!result) result.error().raise();
}

Task<void> cannot_publish(std::string url) {
  throw Error(
      io::IoError::kAddress,
      fmt::format("cannot publish to {}: it is a list that others keep; name a registry (zookeeper://, file://)", url));
  co_return;
}

}  // namespace sofa::rpc
