// Method and Interface: what the bindings know of a service, with its C++ types erased. SOFA_SERVICE (service.h) makes
// them; bindings (Bolt, later Triple and HTTP) use them; nobody writes them by hand.
//
// Threads: immutable, in static storage.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sofa/io/task.h"

namespace sofa::hessian {
class Reader;
class Registry;
class Writer;
}  // namespace sofa::hessian

namespace sofa::rpc {

class ServerCall;

struct Method {
  /// The name on the wire (`getBalance`).
  std::string_view name;
  /// The parameters' Java types, as SofaRequest.methodArgSigs carries them.
  std::span<const std::string_view> signatures;
  /// Where it stands in its interface: an index for per-method tables; -1 for a method made for one generic call.
  int index = -1;
  /// To be served twice does no harm: it may be retried and hedged.
  bool idempotent = false;
  /// It stands for all methods of a service elsewhere: `arguments` is the request's bolt::FrameView, and `result`
  /// points to where a pointer to the answer's goes (relay.h).
  bool is_relayed = false;

  // The caller's side. `arguments` is the std::tuple of the parameters, `result` the object to fill.
  /// Calls a service of this process. The arguments are moved from.
  Task<void> (*call_here)(void* service, void* arguments, void* result) = nullptr;
  void (*encode_arguments)(hessian::Writer& to, const void* arguments) = nullptr;
  /// False when the answer does not fit the type; the reader holds the error.
  bool (*decode_result)(hessian::Reader& from, void* result) = nullptr;
  /// The first argument as Java's toString gives it: what consistent hashing goes by. Empty where there is none,
  /// nothing where it has no such text.
  std::optional<std::string> (*hash_key)(const void* arguments) = nullptr;

  /// The server's side: decodes the arguments, calls `service` and answers, now or later.
  void (*serve)(void* service, ServerCall& call) = nullptr;
};

struct Interface {
  std::string_view name;  // "dev.sofa.bank.AccountService"
  std::span<const Method> methods;
  /// The exceptions that callers get as their own C++ types; null: all come as hessian::RemoteException.
  const hessian::Registry& (*exceptions)() = nullptr;
  /// Of the C++ class: its methods in their order, with the types and sizes of what they take and give. Code that was
  /// compiled apart may call it in one process only where both sides have the same. 0: it is not known.
  std::uint64_t layout = 0;
  /// Its one method stands for all: the service is a Relay.
  bool is_relayed = false;
};

/// `interface:version[:uniqueId]`, SOFARPC's identity of a service.
struct ServiceKey {
  std::string interface;
  std::string version = "1.0";
  std::string unique_id = {};

  std::string to_string() const {
    std::string text = interface + ":" + version;
    if (!unique_id.empty()) text += ":" + unique_id;
    return text;
  }
  bool operator==(const ServiceKey&) const = default;
};

}  // namespace sofa::rpc
