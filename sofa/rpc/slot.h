// Slot: the place of one service in this process. References hold the slot, never the service, so that a service can
// be put in, exchanged and taken out while calls run.
//
//   slot.install(std::make_shared<Accounts>());
//   if (Slot::Pin pin = slot.acquire()) static_cast<AccountService*>(pin.service())->…;
//   slot.remove();            // new calls find nothing; calls under way keep their service until their pin goes
//
// Each installed service is a generation with its own in-flight count, striped over cache lines. A call counts itself
// in, then looks whether its generation is still the current one; an exchange is one atomic store. A pin may be
// released on another thread than it was taken on. Cost: two locked adds on an unshared line.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sofa::rpc {

class Slot {
  static constexpr std::size_t kStripes = 8;
  struct alignas(64) Stripe {
    std::atomic<std::int64_t> count{0};
  };
  struct Generation {
    std::shared_ptr<void> service;
    std::array<Stripe, kStripes> in_flight;

    std::int64_t calls() const {
      std::int64_t sum = 0;
      for (const Stripe& stripe : in_flight) sum += stripe.count.load();
      return sum;
    }
  };

 public:
  /// One call's hold on the service. Movable; empty where there was none.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept
        : service_(std::exchange(other.service_, nullptr)), stripe_(std::exchange(other.stripe_, nullptr)) {}
    Pin& operator=(Pin&& other) noexcept {
      std::swap(service_, other.service_);
      std::swap(stripe_, other.stripe_);
      return *this;
    }
    ~Pin() {
      if (stripe_) stripe_->count.fetch_sub(1, std::memory_order_release);
    }
    explicit operator bool() const { return service_ != nullptr; }
    void* service() const { return service_; }

   private:
    friend class Slot;
    Pin(void* service, Stripe* stripe) : service_(service), stripe_(stripe) {}
    void* service_ = nullptr;
    Stripe* stripe_ = nullptr;
  };

  Slot() = default;
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  /// Any thread.
  Pin acquire() noexcept {
    for (;;) {
      Generation* generation = current_.load();
      if (!generation) return {};
      Stripe& stripe = generation->in_flight[this_stripe()];
      stripe.count.fetch_add(1);
      if (current_.load() == generation) [[likely]]
        return Pin(generation->service.get(), &stripe);
      stripe.count.fetch_sub(1);
    }
  }

  /// Puts `service` in the place of what was there: one atomic exchange. Any thread.
  void install(std::shared_ptr<void> service);
  /// Takes the service out. Any thread.
  void remove();
  bool installed() const { return current_.load() != nullptr; }
  /// The calls under way in all generations.
  std::int64_t in_flight() const;
  /// Lets go of services that were replaced and whose last call has ended. True when none is left. Any thread.
  bool reclaim();

 private:
  /// A small number that differs between the threads that call most.
  static std::size_t this_stripe() noexcept;

  std::atomic<Generation*> current_{nullptr};
  mutable std::mutex mutex_;  // install, remove, reclaim; never a call
  // A generation's counters stay until the slot goes: a caller may still be about to undo its count there.
  std::vector<std::unique_ptr<Generation>> generations_;
};

}  // namespace sofa::rpc
