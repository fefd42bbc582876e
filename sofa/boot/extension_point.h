// Extension points: where modules give objects to one another, typed and in order, by the point's name.
//
//   context.extension_point<PriceRule>("order.price-rules").contribute(std::make_shared<TenPercent>(), 10);   // giver
//
//   auto rules = context.extension_point<PriceRule>("order.price-rules");                                      // taker
//   for (const auto& rule : rules.all()) price = rule->apply(price);
//
// A module's contributions are seen while the module is open, in the order of their numbers, then of their modules'
// names. What `all` gives holds each object for as long as it lives, and its module with it: keep it no longer than the
// work at hand. Threads: any. Errors: `contribute` throws BootError::kState where the point has another type.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "sofa/rpc/slot.h"

namespace sofa::boot {

/// All points of a host, with types erased.
class ExtensionPoints {
 public:
  struct Contribution {
    std::string point;
    std::string module;
    std::int32_t order = 0;
    std::shared_ptr<void> object;
    std::shared_ptr<rpc::Slot> slot;
  };
  using ContributionPtr = std::shared_ptr<const Contribution>;

  /// Who asks first says the type.
  void check_type(std::string_view point, std::string_view type);
  /// Takes out and puts in, at once for all who look.
  void exchange(const std::vector<ContributionPtr>& out, const std::vector<ContributionPtr>& in);
  std::vector<rpc::Slot::Pin> all(std::string_view point) const;
  /// By point and module, for people.
  std::vector<ContributionPtr> contributions() const;

 private:
  struct Point {
    std::string type;
    std::vector<ContributionPtr> contributions;  // in their order
  };
  mutable std::mutex mutex_;
  std::map<std::string, Point, std::less<>> points_;
};

/// What a module has contributed, seen while it is open.
class ModuleExtensions {
 public:
  ModuleExtensions(ExtensionPoints& points, std::string module) : points_(points), module_(std::move(module)) {}
  ~ModuleExtensions() { close(); }
  ModuleExtensions(const ModuleExtensions&) = delete;
  ModuleExtensions& operator=(const ModuleExtensions&) = delete;

  void contribute(std::string point, std::shared_ptr<void> object, std::int32_t order);
  /// In the place of what `replaced` has contributed.
  void open(ModuleExtensions* replaced = nullptr);
  void close();
  /// Uses under way, and who else holds the objects.
  std::int64_t in_use() const;
  long holders() const;
  ExtensionPoints& points() const { return points_; }

 private:
  /// What that changes; nothing where it is so already.
  std::vector<ExtensionPoints::ContributionPtr> set_open(bool open);

  ExtensionPoints& points_;
  const std::string module_;
  mutable std::mutex mutex_;
  bool is_open_ = false;
  std::vector<ExtensionPoints::ContributionPtr> contributions_;
};

/// One object, held.
template <class T>
class Extension {
 public:
  explicit Extension(rpc::Slot::Pin pin) : pin_(std::move(pin)) {}
  T* operator->() const { return static_cast<T*>(pin_.service()); }
  T& operator*() const { return *static_cast<T*>(pin_.service()); }

 private:
  rpc::Slot::Pin pin_;
};

template <class T>
class ExtensionPoint {
 public:
  ExtensionPoint(ModuleExtensions& own, std::string name) : own_(own), name_(std::move(name)) {
    own.points().check_type(name_, typeid(T).name());
  }
  void contribute(std::shared_ptr<T> object, std::int32_t order = 0) {
    own_.contribute(name_, std::move(object), order);
  }
  std::vector<Extension<T>> all() const {
    std::vector<Extension<T>> extensions;
    for (rpc::Slot::Pin& pin : own_.points().all(name_)) extensions.emplace_back(std::move(pin));
    return extensions;
  }

 private:
  ModuleExtensions& own_;
  std::string name_;
};

}  // namespace sofa::boot
