// Slot: the place of one service in this process. References and servers hold the slot, never the service, so that a
// service can be put in, exchanged and taken out while calls run, for callers in the process and over bindings alike.
//
//   slot.install(std::make_shared<Accounts>());
//   if (Slot::Pin pin = slot.acquire()) static_cast<AccountService*>(pin.service())->…;
//   slot.remove();            // new calls find nothing; calls under way keep their service until their pin goes
//   slot.reclaim();           // lets go of services that no call holds any more
//   slot.try_out(next, nullptr, {.share = 500});      // beside the current one: 5 % of the calls go there
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
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sofa::rpc {

class ServiceEntry;

/// Which calls go to a service that is on trial.
struct Trial {
  /// Of 10 000 calls.
  std::uint32_t share = 0;
  /// Applications and modules all of whose calls go there.
  std::vector<std::string> callers = {};
};

class Slot {
  static constexpr std::size_t kStripes = 8;
  struct alignas(64) Stripe {
    std::atomic<std::int64_t> count{0};
  };
  struct Generation {
    std::shared_ptr<void> service;
    std::shared_ptr<const ServiceEntry> entry;
    std::uint64_t number = 0;
    bool is_relay = false;
    Trial trial;  // while it is the candidate
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
        : generation_(std::exchange(other.generation_, nullptr)), stripe_(std::exchange(other.stripe_, nullptr)) {}
    Pin& operator=(Pin&& other) noexcept {
      std::swap(generation_, other.generation_);
      std::swap(stripe_, other.stripe_);
      return *this;
    }
    ~Pin() {
      if (stripe_) stripe_->count.fetch_sub(1, std::memory_order_release);
    }
    explicit operator bool() const { return generation_ != nullptr; }
    void* service() const { return generation_->service.get(); }
    /// The service is a Relay, which leads to another process.
    bool is_relay() const { return generation_->is_relay; }
    /// What bindings know of the service; null: it is for this process only.
    const ServiceEntry* entry() const { return generation_->entry.get(); }
    /// Of what is installed: never the same again in this slot, and never 0.
    std::uint64_t number() const { return generation_->number; }

   private:
    friend class Slot;
    Pin(const Generation* generation, Stripe* stripe) : generation_(generation), stripe_(stripe) {}
    const Generation* generation_ = nullptr;
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
        return Pin(generation, &stripe);
      stripe.count.fetch_sub(1);
    }
  }

  /// The same for a caller of that name, which may be sent to what is on trial. Any thread.
  Pin acquire(std::string_view caller) {
    if (Generation* candidate = candidate_.load(std::memory_order_relaxed)) [[unlikely]] {
      if (Pin pin = try_candidate(candidate, caller)) return pin;
    }
    return acquire();
  }
  bool has_trial() const { return candidate_.load(std::memory_order_relaxed) != nullptr; }

  /// Puts `service` in the place of what was there: one atomic exchange. Without `entry`, bindings do not serve it. Any
  /// thread.
  void install(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry = nullptr);
  /// Puts `service` beside what is there, for some of the calls: those of `acquire(caller)`. In the place of what was
  /// on trial. `install` ends the trial. Any thread.
  void try_out(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry, Trial trial);
  /// Takes the service out, and what is on trial. Any thread.
  void remove();
  /// Takes this one out, where it is installed or on trial; true when it was.
  bool remove(const void* service);
  bool installed() const { return current_.load() != nullptr; }
  bool holds(const void* service) const;
  /// The calls under way: all, or those of one service.
  std::int64_t in_flight() const;
  std::int64_t in_flight(const void* service) const;
  /// Lets go of services that were replaced and whose last call has ended. True when none is left. Any thread.
  bool reclaim();

 private:
  Pin try_candidate(Generation* candidate, std::string_view caller);
  Generation& fill_free(std::shared_ptr<void> service, std::shared_ptr<const ServiceEntry> entry);
  bool is_in_use(const Generation* generation) const {
    return generation == current_.load() || generation == candidate_.load();
  }
  /// A small number that differs between the threads that call most.
  static std::size_t this_stripe() noexcept;

  std::atomic<Generation*> current_{nullptr};
  std::atomic<Generation*> candidate_{nullptr};
  mutable std::mutex mutex_;  // install, remove, reclaim; never a call
  std::uint64_t installed_ = 0;
  // An empty one is used again, and none goes before the slot: a caller may still be about to undo its count there. It
  // does no harm in the next service's place, because a call that counted itself in there is that service's.
  std::vector<std::unique_ptr<Generation>> generations_;
};

}  // namespace sofa::rpc
