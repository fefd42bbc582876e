#include "sofa/observe/method_table.h"

#include <utility>

namespace sofa::observe {

std::string_view name_of(Side side) {
  return side == Side::kClient ? "client" : "server";
}

MethodRange MethodTable::add(Side side, std::string_view service, std::span<const std::string_view> methods) {
  const std::lock_guard lock(mutex_);
  Known key(side, service, std::vector<std::string>(methods.begin(), methods.end()));
  if (const auto known = services_.find(key); known != services_.end()) return known->second;
  if (names_.size() + methods.size() > capacity_) {
    refused_ += methods.size();
    return {};
  }
  const MethodRange made{static_cast<MethodId>(names_.size() + 1), static_cast<std::uint32_t>(methods.size())};
  for (const std::string_view method : methods) names_.push_back({side, std::string(service), std::string(method)});
  services_.emplace(std::move(key), made);
  return made;
}

MethodTable::Name MethodTable::name(Side side, MethodId method) const {
  const std::lock_guard lock(mutex_);
  if (method == kOtherMethod || method > names_.size()) return {side, "other", "other"};
  return names_[method - 1];
}

std::uint64_t MethodTable::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

}  // namespace sofa::observe
