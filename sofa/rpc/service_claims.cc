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
  Held(ServiceClaims& claims, std::string service, bool publishes)
      : claims_(claims), service_(std::move(service)), publishes_(publishes) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { claims_.release(service_, publishes_); }

 private:
  ServiceClaims& claims_;
  const std::string service_;
  const bool publishes_;
};

ServiceClaims::Claim ServiceClaims::claim(std::string_view service, std::string_view owner, const Interface& interface,
                                          bool publishes) {
  const std::lock_guard lock(mutex_);
  Known& known = known_[std::string(service)];
  if (publishes && known.published > 0 && known.publisher != owner) {
    throw Error(
        Code::kServerUndeclared,
        fmt::format("{} cannot publish {}: {} publishes it already. Give one of them another unique_id, or take "
                    "one of the two out",
                    part_named(owner), service, part_named(known.publisher)));
  }
  if (interface.layout != 0 && known.layout != 0 && interface.layout != known.layout) {
    throw Error(Code::kServerUndeclared,
                fmt::format("{} was compiled with another {} than {}: its methods, or what they take and give, differ. "
                            "Build both with the same header; callers of another one can reach it over a binding "
                            "(in_process: false)",
                            part_named(owner), interface.name, part_named(known.layout_of)));
  }
  if (known.layout == 0 && interface.layout != 0) {
    known.layout = interface.layout;
    known.layout_of = owner;
  }
  if (publishes) known.publisher = owner;
  ++(publishes ? known.published : known.referred);
  return std::make_shared<Held>(*this, std::string(service), publishes);
}

void ServiceClaims::release(const std::string& service, bool publishes) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(service);
  --(publishes ? found->second.published : found->second.referred);
  if (found->second.published + found->second.referred == 0) known_.erase(found);
}

std::optional<std::string> ServiceClaims::publisher(std::string_view service) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(service);
  if (found == known_.end() || found->second.published == 0) return std::nullopt;
  return found->second.publisher;
}

}  // namespace sofa::rpc
