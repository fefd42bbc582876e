#include "sofa/rpc/slot.h"

#include <algorithm>

#include "sofa/rpc/service_table.h"

namespace sofa::rpc {

std::size_t Slot::this_stripe() noexcept {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t stripe = threads.fetch_add(1, std::memory_order_relaxed) % kStripes;
  return stripe;
}

Slot::Generation& Slot::fill_free(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry) {
  const auto is_free = [&](const auto& generation) { return !generation->service && !is_in_use(generation.get()); };
  auto free = std::ranges::find_if(generations_, is_free);
  if (free == generations_.end()) free = generations_.insert(free, std::make_unique<Generation>());
  Generation& generation = **free;
  generation.service = std::move(service);
  generation.entry = std::move(entry);
  generation.number = ++installed_;
  generation.is_relay = generation.entry && generation.entry->interface().is_relayed;
  return generation;
}

void Slot::install(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry) {
  const std::lock_guard lock(mutex_);
  current_.store(&fill_free(std::move(service), std::move(entry)));
  candidate_.store(nullptr);
}

void Slot::try_out(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry, Trial trial) {
  const std::lock_guard lock(mutex_);
  Generation& generation = fill_free(std::move(service), std::move(entry));
  generation.trial = std::move(trial);
  candidate_.store(&generation);
}

Slot::Pin Slot::try_candidate(Generation* candidate, std::string_view caller) {
  thread_local std::uint32_t calls = 0;
  Stripe& stripe = candidate->in_flight[this_stripe()];
  stripe.count.fetch_add(1);
  Pin pin(candidate, &stripe);
  if (candidate_.load() != candidate) return {};
  const Trial& trial = candidate->trial;
  if (std::ranges::find(trial.callers, caller) != trial.callers.end()) return pin;
  constexpr std::uint32_t kAll = 10'000, kStep = 7919;  // a prime: the share is spread over the calls
  calls = (calls + kStep) % kAll;
  return calls < trial.share ? std::move(pin) : Pin();
}

void Slot::remove() {
  const std::lock_guard lock(mutex_);
  current_.store(nullptr);
  candidate_.store(nullptr);
}

bool Slot::remove(const void* service) {
  const std::lock_guard lock(mutex_);
  bool was_there = false;
  for (std::atomic<Generation*>* place : {&current_, &candidate_}) {
    const Generation* generation = place->load();
    if (!generation || generation->service.get() != service) continue;
    place->store(nullptr);
    was_there = true;
  }
  return was_there;
}

bool Slot::holds(const void* service) const {
  const std::lock_guard lock(mutex_);
  const Generation* generation = current_.load();
  return generation && generation->service.get() == service;
}

std::int64_t Slot::in_flight() const {
  std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& generation : generations_) sum += generation->calls();
  return sum;
}

std::int64_t Slot::in_flight(const void* service) const {
  const std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& generation : generations_) {
    if (generation->service.get() == service) sum += generation->calls();
  }
  return sum;
}

bool Slot::reclaim() {
  // Destroyed after the lock goes: declared before it.
  std::vector<std::pair<std::shared_ptr<void>, std::shared_ptr<const ServiceEntry>>> released;
  const std::lock_guard lock(mutex_);
  bool clean = true;
  for (const auto& generation : generations_) {
    if (is_in_use(generation.get()) || !generation->service) continue;
    if (generation->calls() == 0) {
      released.emplace_back(std::move(generation->service), std::move(generation->entry));
    } else {
      clean = false;
    }
  }
  return clean;
}

}  // namespace sofa::rpc
