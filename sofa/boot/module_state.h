// ModuleState: where a module is in its life, and how it came there.
//
//   StateLog log;
//   log.enter(ModuleState::kStarting, wall, "");       // asserts that this may follow
//
// One thread's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sofa::boot {

enum class ModuleState : std::uint8_t {
  kLoading,   // its file is read, checked and mapped
  kStarting,  // its `start` runs
  kChecking,  // asked whether it is healthy
  kStandby,   // started and healthy; callers do not reach it
  kTrial,     // some callers reach it, beside the active version
  kActive,    // callers reach it
  kDraining,  // callers no longer reach it; calls under way end
  kStopping,  // its `stop` runs, its tasks end
  kUnloaded,  // gone, and its file out of memory
  kPinned,    // gone, but something keeps its file in memory
  kBroken     // it failed; takes no part in anything
};

std::string_view to_string(ModuleState state);
bool may_follow(ModuleState from, ModuleState to);

class StateLog {
 public:
  using Wall = std::chrono::sys_time<std::chrono::milliseconds>;
  struct Entry {
    ModuleState state;
    Wall at;
    std::string why;
  };
  static constexpr std::size_t kMostEntries = 64;  // the oldest go

  ModuleState state() const { return entries_.empty() ? ModuleState::kLoading : entries_.back().state; }
  void enter(ModuleState state, Wall at, std::string why);
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

}  // namespace sofa::boot
