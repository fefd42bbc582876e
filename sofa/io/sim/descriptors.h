// Descriptors: the open handles of one process, numbered like file descriptors: the lowest free number comes next, so
// a late event for a closed handle can meet a new one, as in a real kernel.
#pragma once

#include <memory>
#include <vector>

#include "sofa/io/env.h"

namespace sofa::io::sim {

/// What a handle stands for.
class OpenObject {
 public:
  virtual ~OpenObject() = default;
  /// `orderly`: by the kernel of a living machine; otherwise the machine is gone.
  virtual void on_close(bool orderly) = 0;
};

class Descriptors {
 public:
  explicit Descriptors(std::size_t limit) : limit_(limit) {}

  std::size_t open_count() const { return open_; }
  void set_limit(std::size_t limit) { limit_ = limit; }
  bool full() const { return open_ >= limit_; }

  Handle add(std::shared_ptr<OpenObject> object) {
    std::size_t slot = 0;
    while (slot < slots_.size() && slots_[slot]) ++slot;
    if (slot == slots_.size()) slots_.emplace_back();
    slots_[slot] = std::move(object);
    ++open_;
    return static_cast<Handle>(slot);
  }

  /// The object of type T behind the handle, or null.
  template <class T>
  std::shared_ptr<T> find(Handle handle) const {
    const auto slot = static_cast<std::size_t>(handle);
    return slot < slots_.size() ? std::dynamic_pointer_cast<T>(slots_[slot]) : nullptr;
  }

  void close(Handle handle) {
    const auto slot = static_cast<std::size_t>(handle);
    if (slot >= slots_.size() || !slots_[slot]) return;
    const auto object = std::move(slots_[slot]);
    slots_[slot] = nullptr;
    --open_;
    object->on_close(true);
  }

  void close_all(bool orderly) {
    for (auto& slot : slots_) {
      if (!slot) continue;
      const auto object = std::move(slot);
      slot = nullptr;
      object->on_close(orderly);
    }
    slots_.clear();
    open_ = 0;
  }

 private:
  std::size_t limit_;
  std::size_t open_ = 0;
  std::vector<std::shared_ptr<OpenObject>> slots_;
};

}  // namespace sofa::io::sim
