#include "sofa/observe/method_table.h"

#include <algorithm>

namespace sofa::observe {

std::string_view name_of(Side side) {
  return side == Side::kClient ? "client" : "server";
}

MethodRange MethodTable::add(Side side, std::string_view service, std::span<const std::string_view> methods) {
  const std::lock_guard lock(mutex_);
  const std::pair key(side, std::string(service));
  if (auto known = services_.find(key);
      known != services_.end() && std::ranges::equal(known->second.methods, methods)) {
    return known->second.range;
  }
  if (names_.size() + methods.size() > capacity_) {
    refused_ += methods.size();
    return {};
  }
  Known made;
  made.range = {static_cast<MethodId>(names_.size() + 1), static_cast<std::uint32_t>(methods.size())};
  for (const std::string_view method : methods) {
    made.methods.emplace_back(method);
    names_.push_back({side, key.second, made.methods.back()});
  }
  services_.insert_or_assign(key, made);
  return made.range;
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
