// ServiceClaims: who publishes a service in this process, and with what layout of its C++ interface it is called, so
// that no two parts publish the same, and no code calls an object of a class that it knows otherwise.
//
//   ServiceClaims claims;
//   ServiceClaims::Claim mine = claims.publish("dev.sofa.bank.AccountService:1.0", "accounts", interface);   // or
//   throws
//
// A claim stands until it goes. Several of one owner may stand at once: its versions. Threads: any.
// Errors: sofa::Error, Code::kServerUndeclared, naming both sides and what to do.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "sofa/rpc/method.h"

namespace sofa::rpc {

class ServiceClaims {
 public:
  using Claim = std::shared_ptr<void>;
  /// `owner` is the name of the publishing part; empty: the application itself.
  Claim publish(std::string_view service, std::string_view owner, const Interface& interface) {
    return claim(service, owner, interface, true);
  }
  Claim refer(std::string_view service, std::string_view owner, const Interface& interface) {
    return claim(service, owner, interface, false);
  }
  /// Who publishes it.
  std::optional<std::string> publisher(std::string_view service) const;

 private:
  struct Interfaces {
    int count = 0;
    std::string owner;  // one that has it
  };
  struct Known {
    std::string publisher;
    std::map<std::uint64_t, Interfaces> published;  // by layout: one, but for 0, which fits all
    std::map<std::uint64_t, Interfaces> referred;   // of those who refer to it alone, several may be
  };
  class Held;
  Claim claim(std::string_view service, std::string_view owner, const Interface& interface, bool publishes);
  void release(const std::string& service, bool publishes, std::uint64_t layout);

  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;
};

}  // namespace sofa::rpc
