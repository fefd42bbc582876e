// Loop: a thread of a simulated process: a step that the world calls whenever it has something to do.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sofa/io/sim/world.h"

namespace sofa::io::sim {

struct Loop : std::enable_shared_from_this<Loop> {
  Loop(Process& owner, std::uint64_t id, std::string label, std::function<bool()> body)
      : process(owner), number(id), name(std::move(label)), step(std::move(body)) {}

  /// The step found nothing to do and would sleep until `until`.
  void sleep(Time until) {
    idle = true;
    idle_until = std::min(idle_until, until);
  }

  Process& process;
  const std::uint64_t number;
  const std::string name;
  std::function<bool()> step;
  bool ended = false;
  Time due = kNoTime;      // when the next step is scheduled
  std::uint64_t turn = 0;  // which scheduled step is the valid one
  Time free_at{};          // the loop is busy until then
  // What the step under way, or the last one, did:
  bool idle = false;
  bool woken = false;
  Time idle_until = kNoTime;
};

}  // namespace sofa::io::sim
