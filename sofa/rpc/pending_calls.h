// PendingCalls: the calls of one connection that wait for their answers, by request id.
//
//   std::uint32_t id = pending.add({&call, exceptions});      // goes into the frame
//   if (Pending pending = pending.take(id); pending.call) …   // null: nobody waits under this id (any more)
//
// Ids count up over all 32 bits and the low ones say the place, so an answer that comes too late finds its place empty
// or with another id in it: about four billion calls must go by before one is used again. One shard's thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sofa/base/mutant.h"

namespace sofa::hessian {
class Registry;
}

namespace sofa::rpc {

class RemoteCall;

struct Pending {
  RemoteCall* call = nullptr;
  /// The exceptions that its caller knows; may be null.
  const hessian::Registry* exceptions = nullptr;
};

class PendingCalls {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// An id for a frame that no call waits for: oneway, heartbeat.
  std::uint32_t next_id() { return ++last_id_; }

  std::uint32_t add(Pending pending) {
    if (size_ * 2 >= places_.size()) [[unlikely]]
      grow();
    Place* place;
    do {
      place = &places_[++last_id_ & mask()];
    } while (place->pending.call);  // a call that takes long keeps its place
    *place = {pending, last_id_};
    ++size_;
    return last_id_;
  }

  Pending take(std::uint32_t id) {
    if (places_.empty()) return {};
    Place& place = places_[id & mask()];
    if (place.id != id && !SOFA_MUTANT("late-reply-matched")) return {};
    if (place.pending.call) --size_;
    return std::exchange(place.pending, {});
  }

  /// Any of them; null when there is none.
  Pending take_any() {
    for (const Place& place : places_) {
      if (place.pending.call) return take(place.id);
    }
    return {};
  }

 private:
  struct Place {
    Pending pending;
    std::uint32_t id = 0;
  };
  std::uint32_t mask() const { return static_cast<std::uint32_t>(places_.size()) - 1; }
  void grow() {
    std::vector<Place> old(places_.empty() ? 64 : places_.size() * 2);
    old.swap(places_);
    // Different in the old mask's bits, so different in more bits too.
    for (const Place& place : old) {
      if (place.pending.call) places_[place.id & mask()] = place;
    }
  }

  std::vector<Place> places_;  // a power of two, at most half full
  std::size_t size_ = 0;
  std::uint32_t last_id_ = 0;
};

}  // namespace sofa::rpc
