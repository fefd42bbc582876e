#include "sofa/rpc/slot.h"

namespace sofa::rpc {

std::size_t Slot::this_stripe() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t stripe = threads.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return stripe;
}

void Slot::install(std::shared_ptr<void> service) {
  auto generation = std::make_unique<Generation>();
  generation->service = std::move(service);
  std::lock_guard lock(mutex_);
  generations_.push_back(std::move(generation));
  current_.store(generations_.back().get());
}

void Slot::remove() {
  std::lock_guard lock(mutex_);
  current_.store(nullptr);
}

std::int64_t Slot::in_flight() const {
  std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& generation : generations_) sum += generation->calls();
  return sum;
}

bool Slot::reclaim() {
  std::vector<std::shared_ptr<void>> released;  // destroyed after the lock goes: declared before it
  std::lock_guard lock(mutex_);
  bool clean = true;
  for (const auto& generation : generations_) {
    if (generation.get() == current_.load() || !generation->service) continue;
    if (generation->calls() == 0) {
      released.push_back(std::move(generation->service));
    } else {
      clean = false;
    }
  }
  return clean;
}

}  // namespace sofa::rpc
