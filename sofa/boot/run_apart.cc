#include "sofa/boot/run_apart.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sofa/boot/error.h"
#include "sofa/io/async.h"
#include "sofa/io/signal.h"

namespace sofa::boot {
namespace {

/// Shared by both shards: either may leave first.
struct Run {
  explicit Run(io::Shard& home_shard)
      : home(home_shard), timer([](void* self) noexcept { static_cast<Run*>(self)->news.raise(); }, this) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  io::Shard& home;
  ContextPtr context;                   // the other shard's, from its beginning there to its end
  std::optional<Result<void>> outcome;  // home's, as what follows
  Signal news;
  io::Timer timer;
};

/// What `begin` throws before there is a task is the task's failure.
Task<void> all_of(std::function<Task<void>()>& begin) {
  co_await begin();
}

Task<void> tell(std::shared_ptr<Run> run, std::function<Task<void>()> begin) {
  Result<void> outcome = co_await as_result(all_of(begin));
  begin = nullptr;  // what it holds is gone before its end is known
  run->context = {};
  run->home.post([run, outcome = std::make_shared<Result<void>>(std::move(outcome))] {
    run->outcome.emplace(std::move(*outcome));
    run->news.raise();
  });
}

/// False when time ran out first.
Task<bool> ends_within(Run& run, io::Duration time) {
  /// Also where this frame is dropped, because the shards end.
  struct Armed {
    Run& run;
    ~Armed() { run.home.timers().cancel(run.timer); }
  };
  const io::TimePoint until = run.home.now() + time;
  run.home.timers().arm(run.timer, until);
  const Armed armed{run};
  while (!run.outcome && run.home.now() < until) co_await run.news.wait();
  co_return run.outcome.has_value();
}

}  // namespace

Task<void> run_apart(io::Shard& shard, std::function<Task<void>()> begin, Apart how) {
  const auto run = std::make_shared<Run>(*io::Shard::current());
  shard.post([run, begin = std::move(begin)] {
    run->context = CallContext::make();
    start_detached(tell(run, begin), run->context.get());
  });
  if (!co_await ends_within(*run, how.timeout)) {
    shard.post([run] {
      if (run->context) run->context->cancel(CancelReason::kDeadline);
    });
    if (!co_await ends_within(*run, how.grace)) {
      throw Error(BootError::kPinned,
                  fmt::format("{} has not ended within {} ms, and does not heed that it was cancelled", how.what,
                              std::chrono::duration_cast<std::chrono::milliseconds>(how.timeout).count()));
    }
    throw Error(BootError::kTimeout,
                fmt::format("{} has not ended within {} ms", how.what,
                            std::chrono::duration_cast<std::chrono::milliseconds>(how.timeout).count()));
  }
  if (!*run->outcome) run->outcome->error().raise();
}

}  // namespace sofa::boot
