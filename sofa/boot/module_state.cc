#include "sofa/boot/module_state.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace sofa::boot {
namespace {

using enum ModuleState;

constexpr std::array<std::string_view, 11> kNames{"loading",  "starting", "checking", "standby", "trial", "active",
                                                  "draining", "stopping", "unloaded", "pinned",  "broken"};

// What may follow beside kBroken, which may follow all but the end.
constexpr std::array<std::pair<ModuleState, ModuleState>, 16> kSteps{{{kLoading, kStarting},
                                                                      {kStarting, kChecking},
                                                                      {kChecking, kStandby},
                                                                      {kStandby, kChecking},
                                                                      {kStandby, kTrial},
                                                                      {kTrial, kActive},
                                                                      {kTrial, kDraining},
                                                                      {kStandby, kActive},
                                                                      {kStandby, kStopping},
                                                                      {kActive, kDraining},
                                                                      {kDraining, kStandby},
                                                                      {kDraining, kActive},
                                                                      {kDraining, kStopping},
                                                                      {kStopping, kUnloaded},
                                                                      {kStopping, kPinned},
                                                                      {kBroken, kStopping}}};

}  // namespace

std::string_view to_string(ModuleState state) {
  return kNames[static_cast<std::size_t>(state)];
}

bool may_follow(ModuleState from, ModuleState to) {
  if (to == kBroken) return from != kUnloaded && from != kPinned && from != kBroken;
  return std::ranges::find(kSteps, std::pair(from, to)) != kSteps.end() || (from == kPinned && to == kUnloaded);
}

void StateLog::enter(ModuleState state, Wall at, std::string why) {
  assert(entries_.empty() || may_follow(this->state(), state));
  if (entries_.size() == kMostEntries) entries_.erase(entries_.begin());
  entries_.push_back({state, at, std::move(why)});
}

}  // namespace sofa::boot
