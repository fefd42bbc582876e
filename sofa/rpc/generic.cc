#include "sofa/rpc/generic.h"

namespace sofa::rpc {
namespace {

void encode_values(hessian::Writer& to, const void* arguments) {
  for (const auto& value : *static_cast<const std::vector<hessian::Value>*>(arguments)) hessian::write_value(to, value);
}

std::optional<std::string> hash_key(const void* arguments) {
  return detail::hash_key_of(*static_cast<const std::vector<hessian::Value>*>(arguments));
}

bool decode_value(hessian::Reader& from, void* result) {
  *static_cast<hessian::Value*>(result) = hessian::read_value(from);
  return from.ok();
}

}  // namespace

std::optional<std::string> detail::hash_key_of(const std::vector<hessian::Value>& values) {
  if (values.empty()) return std::string();
  const hessian::Value& first = values.front();
  switch (first.kind()) {
    case hessian::Kind::kString:
      return std::string(first.as_string());
    case hessian::Kind::kInt:
    case hessian::Kind::kLong:
      return std::to_string(first.as_int());
    case hessian::Kind::kBool:
      return first.as_bool() ? "true" : "false";
    case hessian::Kind::kNull:
      return std::string();
    default:
      return std::nullopt;
  }
}

std::string_view default_java_type(const hessian::Value& value) {
  switch (value.kind()) {
    case hessian::Kind::kBool:
      return "boolean";
    case hessian::Kind::kInt:
      return "int";
    case hessian::Kind::kLong:
      return "long";
    case hessian::Kind::kDouble:
      return "double";
    case hessian::Kind::kDate:
      return "java.util.Date";
    case hessian::Kind::kString:
      return "java.lang.String";
    case hessian::Kind::kBinary:
      return "byte[]";
    case hessian::Kind::kList:
      return "java.util.List";
    case hessian::Kind::kMap:
      return "java.util.Map";
    case hessian::Kind::kObject:
      return value.class_name();
    default:
      return "java.lang.Object";
  }
}

namespace {

/// Everything by value: the reference may go while the call runs.
Task<hessian::Value> call_generic(std::shared_ptr<const CallPath> path, Slot::Pin relay, std::string method,
                                  std::vector<hessian::Value> arguments, std::vector<std::string> types) {
  std::vector<std::string_view> signatures;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    signatures.push_back(i < types.size() ? std::string_view(types[i]) : default_java_type(arguments[i]));
  }
  const Method generic{.name = method,
                       .signatures = signatures,
                       .index = -1,
                       .encode_arguments = &encode_values,
                       .decode_result = &decode_value,
                       .hash_key = &hash_key,
                       .serve = nullptr};
  hessian::Value result;
  co_await CallElsewhere(*path, std::move(relay), generic, &arguments, &result);
  co_return result;
}

}  // namespace

Task<hessian::Value> GenericReference::invoke(std::string method, std::vector<hessian::Value> arguments,
                                              std::vector<std::string> types) const {
  const Route& route = *path_->route;
  Slot::Pin relay = route.slot->acquire(route.caller);
  if (relay && !relay.is_relay()) relay = {};  // an object of this process has no call by name
  if (!relay && !route.remote) return Task<hessian::Value>::failed(no_provider(route));
  return call_generic(path_, std::move(relay), std::move(method), std::move(arguments), std::move(types));
}

}  // namespace sofa::rpc
