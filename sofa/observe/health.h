// Health: what is up and what is not, for whoever restarts processes and sends traffic to them.
//
//   Health health;
//   Health::Component listener = health.component("listener", Health::kReadiness);     // down until it says otherwise
//   listener.up();
//   listener.down("the port is taken");                                                 // the reason is shown
//   health.report(Health::kReadiness).json                                              // and .up: answer 200 or 503
//
// Readiness says whether calls may be sent here, liveness whether a restart is of use; each is up when all its
// components are, so a process without components is up. A component leaves when its handle goes.
// The JSON is that of Spring Boot's health endpoint, which SOFABoot's readiness check and Kubernetes probes read.
// Bounded: with more than kMostComponents those beyond are not asked, and `other` is down and says so. Threads: any.
// Errors: none.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sofa::observe {

class Health {
  struct State;

 public:
  static constexpr std::size_t kMostComponents = 256;

  /// Where a component counts; a set of bits.
  enum Group : std::uint8_t { kLiveness = 1, kReadiness = 2, kAll = 3 };

  class Component {
   public:
    Component() = default;
    Component(Component&&) noexcept = default;
    Component& operator=(Component&& other) noexcept;
    ~Component();
    void up() const { set(true, {}); }
    void down(std::string_view reason) const { set(false, reason); }

   private:
    friend class Health;
    void set(bool up, std::string_view reason) const;

    std::shared_ptr<State> state_;  // shared: a component may outlive its Health
    std::string name_;
    std::uint64_t number_ = 0;
  };

  Health();
  /// Down, `starting`, until it says otherwise. A name that is there already is taken over from its older handle.
  Component component(std::string_view name, Group group = kReadiness);

  struct Report {
    bool up = true;
    std::string json;
  };
  /// `{"status":"UP","components":{"listener":{"status":"UP"}}}`, of the components that count in `group`.
  Report report(Group group = kAll) const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace sofa::observe
