// GenericReference: calls a service by method name with dynamic values, for gateways, tools and tests.
//
//   auto accounts = context.generic("dev.sofa.bank.AccountService", {.url = "bolt://127.0.0.1:12200"});
//   hessian::Value balance = co_await accounts.invoke("getBalance", {"alice"});
//   co_await accounts.invoke("overload", {hessian::Value(5)}, {"int"});
//
// Objects come back as Values with their class name; a business exception whose class is not registered is thrown as
// hessian::RemoteException. Threads: any shard of the context.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/task.h"
#include "sofa/rpc/service.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::rpc {

class GenericReference {
 public:
  explicit GenericReference(std::shared_ptr<const Route> route, CallOptions options = {})
      : path_(std::make_shared<const CallPath>(CallPath{std::move(route), std::move(options)})) {}

  /// `types` are the parameters' Java types, as an overloaded method needs them; by default each value's own.
  Task<hessian::Value> invoke(std::string method, std::vector<hessian::Value> arguments,
                              std::vector<std::string> types = {}) const;

  GenericReference with(CallOptions options) const { return GenericReference(path_->route, std::move(options)); }

 private:
  std::shared_ptr<const CallPath> path_;
};

namespace detail {
/// As hash_key() of typed calls.
std::optional<std::string> hash_key_of(const std::vector<hessian::Value>& values);
}  // namespace detail

/// The Java type by which a value is called when nobody says otherwise: java.lang.String, int, java.util.List, …
std::string_view default_java_type(const hessian::Value& value);

}  // namespace sofa::rpc
