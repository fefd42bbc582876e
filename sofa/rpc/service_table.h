// ServiceTable: what a server serves, by service key and method, readable by every shard without a lock.
//
//   table.publish(std::make_shared<ServiceEntry>(key, interface, slot));         // any thread, while running
//   ShardServices services(table);                                               // one a shard
//   ShardServices::Pin& pin = services.current();                                // a version compare a request
//   if (const ServiceEntry* entry = pin.services->find("dev.sofa.bank.EchoService:1.0")) …
//
// publish and unpublish make a new immutable snapshot; a shard takes it over at its next request and keeps the old one
// for as long as calls that began under it are on their way.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/observe/method_table.h"
#include "sofa/rpc/call_limit.h"
#include "sofa/rpc/method.h"
#include "sofa/rpc/method_options.h"
#include "sofa/rpc/slot.h"

namespace sofa {
class CallContext;
}
namespace sofa::io {
class WorkerPool;
}

namespace sofa::rpc {

class FilterChain;

struct ServiceOptions {
  /// Where blocking code of the service runs; null: on the shard. Outlives the entry.
  io::WorkerPool* pool = nullptr;
  /// Calls that may be under way at once; one more is answered SERVER_BUSY. 0: no limit of its own.
  std::uint32_t max_concurrent = 0;
  /// The limit is found from what calls take, up to that.
  bool adaptive_limit = false;
  /// Of calls that bring none.
  std::int32_t priority = 0;
  /// Null: none.
  std::shared_ptr<const FilterChain> filters = nullptr;
  /// The numbers under which its methods are counted, by their index.
  observe::MethodRange methods = {};
  /// By name; overloads share what their name has.
  std::map<std::string, MethodOptions> by_method = {};
};

class ServiceEntry {
 public:
  /// `interface` is in static storage.
  ServiceEntry(const ServiceKey& key, const Interface& interface, std::shared_ptr<Slot> slot,
               ServiceOptions options = {});

  /// `interface:version[:uniqueId]`, as on the wire.
  const std::string& text() const { return text_; }
  const Interface& interface() const { return interface_; }
  Slot& slot() const { return *slot_; }
  io::WorkerPool* pool() const { return options_.pool; }
  const FilterChain* filters() const { return options_.filters.get(); }
  observe::MethodId observed(const Method& method) const { return options_.methods[method.index]; }

  /// The method that has these parameter types; or, where the name is not overloaded, the one of that name that takes
  /// as many: peers name List what they send as ArrayList. Null when there is none.
  const Method* find(std::string_view name, std::span<const std::string_view> signatures) const;

  // Calls that have suspended and are not answered yet.
  /// Gives a call that brought no priority its method's; false where there is no room for it.
  bool admit(const Method& method, CallContext& context) const;
  void call_kept(const Method& method) const {
    limit_.begin();
    if (OfMethod* own = of_method(method)) own->limit.begin();
  }
  /// `ran`: what it took, from `began` to `now`, says how long such calls take.
  void call_ended(const Method& method, bool ran, io::TimePoint began, io::TimePoint now) const {
    ran ? limit_.end(began, now) : limit_.end();
    if (OfMethod* own = of_method(method)) own->limit.end();
  }
  const CallLimit& limit() const { return limit_; }

 private:
  struct OfMethod {
    OfMethod(std::uint32_t most, std::int32_t own_priority) : limit(most), priority(own_priority) {}
    CallLimit limit;
    std::int32_t priority;
  };
  OfMethod* of_method(const Method& method) const {
    return by_method_.empty() ? nullptr : by_method_[static_cast<std::size_t>(method.index)].get();
  }

  std::string text_;
  const Interface& interface_;
  std::shared_ptr<Slot> slot_;
  ServiceOptions options_;
  mutable CallLimit limit_;
  std::vector<std::shared_ptr<OfMethod>> by_method_;  // by the method's index; empty where no method has any
};

/// One immutable snapshot.
class Services {
 public:
  Services() = default;
  explicit Services(std::vector<std::shared_ptr<const ServiceEntry>> entries);
  const ServiceEntry* find(std::string_view text) const;
  const std::vector<std::shared_ptr<const ServiceEntry>>& entries() const { return entries_; }

 private:
  std::vector<std::shared_ptr<const ServiceEntry>> entries_;
  std::vector<const ServiceEntry*> buckets_;  // open addressing, a power of two, at most half full
};

class ServiceTable {
 public:
  /// False when something is published under this key already.
  bool publish(std::shared_ptr<const ServiceEntry> entry);
  /// New calls are not found from here on; those under way go on. False when nothing was published under it.
  bool unpublish(std::string_view text);

  std::shared_ptr<const Services> snapshot() const;
  /// Changes with every snapshot.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  void replace(std::vector<std::shared_ptr<const ServiceEntry>> entries);

  mutable std::mutex mutex_;
  std::shared_ptr<const Services> services_ = std::make_shared<Services>();
  std::atomic<std::uint64_t> version_{1};
};

/// A shard's view of the table: the newest snapshot, and older ones that calls still use. That shard's thread only.
class ShardServices {
 public:
  struct Pin {
    std::shared_ptr<const Services> services;
    std::uint32_t calls = 0;  // under way that began under this snapshot
    bool retired = false;
  };

  explicit ShardServices(const ServiceTable& table) : table_(table) { refresh(); }
  /// No call may be under way.
  ~ShardServices();
  ShardServices(const ShardServices&) = delete;
  ShardServices& operator=(const ShardServices&) = delete;

  Pin& current() {
    if (table_.version() != version_) [[unlikely]]
      refresh();
    return *current_;
  }
  /// Of the snapshot that `current` gave last.
  std::uint64_t version() const { return version_; }
  void begin(Pin& pin) { ++pin.calls; }
  void end(Pin& pin) {
    if (--pin.calls == 0 && pin.retired) [[unlikely]]
      delete &pin;
  }

 private:
  void refresh();

  const ServiceTable& table_;
  std::uint64_t version_ = 0;
  Pin* current_ = nullptr;
};

}  // namespace sofa::rpc
