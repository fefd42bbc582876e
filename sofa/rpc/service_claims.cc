#include "sofa/rpc/service_claims.h"

#include <utility>

#include <fmt/format.h>

#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

std::string part_named(std::string_view owner) {
  return owner.empty() ? "the application" : fmt::format("module '{}'", owner);
}

}  // namespace

class ServiceClaims::Held {
 public:
  Held(ServiceClaims& claims, std::string service, bool publishes, std::uint64_t layout)
      : claims_(claims), service_(std::move(service)), publishes_(publishes), layout_(layout) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { claims_.release(service_, publishes_, layout_); }

 private:
  ServiceClaims& claims_;
  const std::string service_;
  const bool publishes_;
  const std::uint64_t layout_;
};

ServiceClaims::Claim ServiceClaims::claim(std::string_view service, std::string_view owner, const Interface& interface,
                                          bool publishes) {
  const std::lock_guard lock(mutex_);
  const auto at = known_.try_emplace(std::string(service)).first;
  Known& known = at->second;
  if (publishes && !known.published.empty() && known.publisher != owner) {
    throw Error(
        Code::kServerUndeclared,
        fmt::format("{} cannot publish {}: {} publishes it already. Give one of them another unique_id, or take "
                    "one of the two out",
                    part_named(owner), service, part_named(known.publisher)));
  }
  // Who publishes meets all, who refers to it only who publishes: calls to other processes need no common class.
  const auto check = [&](const std::map<std::uint64_t, Interfaces>& others) {
    for (const auto& [layout, other] : others) {
      if (layout == interface.layout || layout == 0 || interface.layout == 0) continue;
      throw Error(
          Code::kServerUndeclared,
          fmt::format("{} was compiled with another {} than {}: its methods, or what they take and give, differ. "
                      "Build both with the same header; callers of another one can reach it over a binding "
                      "(in_process: false)",
                      part_named(owner), interface.name, part_named(other.owner)));
    }
  };
  check(known.published);
  if (publishes) check(known.referred);
  Interfaces& own = (publishes ? known.published : known.referred)[interface.layout];
  ++own.count;
  own.owner = owner;
  if (publishes) known.publisher = owner;
  return std::make_shared<Held>(*this, std::string(service), publishes, interface.layout);
}

void ServiceClaims::release(const std::string& service, bool publishes, std::uint64_t layout) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(service);
  auto& claims = publishes ? found->second.published : found->second.referred;
  if (const auto own = claims.find(layout); --own->second.count == 0) claims.erase(own);
  if (found->second.published.empty() && found->second.referred.empty()) known_.erase(found);
}

std::optional<std::string> ServiceClaims::publisher(std::string_view service) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(service);
  if (found == known_.end() || found->second.published.empty()) return std::nullopt;
  return found->second.publisher;
}

}  // namespace sofa::rpc
