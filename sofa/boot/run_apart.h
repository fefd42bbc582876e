// run_apart: runs code that is not to be trusted with time on another shard, and comes back in any case.
//
//   co_await run_apart(apart, module.start(context), {.what = "start of 'accounts'", .timeout = 60s});
//
// Past its time the task is cancelled; when it does not heed that within `grace`, it is left behind where it hangs, and
// its code may never go.
// Thread: a shard other than `shard`. Errors: what the task threw; BootError::kTimeout; kPinned where it was left
// behind.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "sofa/io/shard.h"
#include "sofa/io/task.h"

namespace sofa::boot {

struct Apart {
  std::string what;
  io::Duration timeout = std::chrono::seconds(60);
  io::Duration grace = std::chrono::seconds(1);
};

/// `begin` is called on `shard`: what it does before its first wait may hold that shard.
Task<void> run_apart(io::Shard& shard, std::function<Task<void>()> begin, Apart how);

}  // namespace sofa::boot
