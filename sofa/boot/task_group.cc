#include "sofa/boot/task_group.h"

#include <chrono>
#include <utility>

#include "sofa/base/log.h"
#include "sofa/io/async.h"

namespace sofa::boot {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(1);

void start(Gate& gate, Task<void> task) {
  if (const Result<void> started = gate.spawn(std::move(task)); !started) {
    log::warn("a module's task was not started: {}", started.error().message());
  }
}

}  // namespace

TaskGroup::TaskGroup(io::Shards& shards) : shards_(shards) {
  for (int i = 0; i < shards.serving(); ++i) gates_.push_back(std::make_shared<Gate>());
}

void TaskGroup::spawn(Task<void> task) {
  io::Shard* current = io::Shard::current();
  if (current && current->index() < shards_.serving()) {
    return start(*gates_[static_cast<std::size_t>(current->index())], std::move(task));
  }
  io::Shard& shard = shards_.by_turns();
  shard.post([gate = gates_[static_cast<std::size_t>(shard.index())],
              task = std::make_shared<Task<void>>(std::move(task))] { start(*gate, std::move(*task)); });
}

Task<std::size_t> TaskGroup::close(io::TimePoint deadline) {
  io::Shard& home = *io::Shard::current();
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    co_await switch_to(shards_[static_cast<int>(i)]);
    (void)gates_[i]->close();
    gates_[i]->cancel();
  }
  std::size_t left = 0;
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    io::Shard& shard = shards_[static_cast<int>(i)];
    co_await switch_to(shard);
    while (gates_[i]->running() > 0 && shard.now() < deadline) co_await sleep(kLookAgain);
    left += gates_[i]->running();
    const auto& error = gates_[i]->first_error();
    if (error && !error->is(io::IoError::kCancelled)) log::warn("a module's task failed: {}", error->message());
  }
  co_await switch_to(home);
  co_return left;
}

Task<std::size_t> TaskGroup::running() {
  io::Shard& home = *io::Shard::current();
  std::size_t sum = 0;
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    co_await switch_to(shards_[static_cast<int>(i)]);
    sum += gates_[i]->running();
  }
  co_await switch_to(home);
  co_return sum;
}

}  // namespace sofa::boot
