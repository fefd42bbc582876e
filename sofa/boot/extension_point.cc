#include "sofa/boot/extension_point.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/error.h"
#include "sofa/boot/error.h"

namespace sofa::boot {

void ExtensionPoints::check_type(std::string_view point, std::string_view type) {
  const std::lock_guard lock(mutex_);
  Point& known = points_[std::string(point)];
  if (known.type.empty()) known.type = type;
  if (known.type == type) return;
  throw Error(BootError::kState, fmt::format("extension point '{}' is of type {}, not {}: its users must agree on it",
                                             point, known.type, type));
}

void ExtensionPoints::exchange(const std::vector<ContributionPtr>& out, const std::vector<ContributionPtr>& in) {
  const std::lock_guard lock(mutex_);
  for (const ContributionPtr& one : out) std::erase(points_[one->point].contributions, one);
  const auto rank = [](const ContributionPtr& one) { return std::tie(one->order, one->module); };
  for (const ContributionPtr& one : in) {
    auto& all = points_[one->point].contributions;
    all.insert(std::ranges::upper_bound(all, rank(one), {}, rank), one);
  }
}

std::vector<rpc::Slot::Pin> ExtensionPoints::all(std::string_view point) const {
  const std::lock_guard lock(mutex_);
  std::vector<rpc::Slot::Pin> pins;
  const auto known = points_.find(point);
  if (known == points_.end()) return pins;
  for (const ContributionPtr& contribution : known->second.contributions) {
    if (rpc::Slot::Pin pin = contribution->slot->acquire()) pins.push_back(std::move(pin));
  }
  return pins;
}

std::vector<ExtensionPoints::ContributionPtr> ExtensionPoints::contributions() const {
  const std::lock_guard lock(mutex_);
  std::vector<ContributionPtr> all;
  for (const auto& [name, point] : points_)
    all.insert(all.end(), point.contributions.begin(), point.contributions.end());
  return all;
}

void ModuleExtensions::contribute(std::string point, std::shared_ptr<void> object, std::int32_t order) {
  auto slot = std::make_shared<rpc::Slot>();
  slot->install(object);
  ExtensionPoints::Contribution made{.point = std::move(point),
                                     .module = module_,
                                     .order = order,
                                     .object = std::move(object),
                                     .slot = std::move(slot)};
  const std::lock_guard lock(mutex_);
  contributions_.push_back(std::make_shared<ExtensionPoints::Contribution>(std::move(made)));
  if (is_open_) points_.exchange({}, {contributions_.back()});
}

void ModuleExtensions::open(ModuleExtensions* replaced) {
  std::vector<ExtensionPoints::ContributionPtr> out;
  if (replaced) out = replaced->set_open(false);
  points_.exchange(out, set_open(true));
}

void ModuleExtensions::close() {
  points_.exchange(set_open(false), {});
}

std::vector<ExtensionPoints::ContributionPtr> ModuleExtensions::set_open(bool open) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(is_open_, open) == open) return {};
  return contributions_;
}

std::int64_t ModuleExtensions::in_use() const {
  const std::lock_guard lock(mutex_);
  std::int64_t sum = 0;
  for (const auto& contribution : contributions_) sum += contribution->slot->in_flight();
  return sum;
}

long ModuleExtensions::holders() const {
  const std::lock_guard lock(mutex_);
  long sum = 0;
  for (const auto& contribution : contributions_) sum += contribution->object.use_count() - 2;  // it and its slot
  return sum;
}

}  // namespace sofa::boot
