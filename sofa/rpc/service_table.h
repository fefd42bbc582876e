// ServiceTable: the slots that a server serves, by service key, readable by every shard without a lock.
//
//   ServiceTable table;
//   table.install(key, kInterface<EchoService>, std::make_shared<Echo>());               // any thread, while running
//   ShardServices services(table);                                                       // one a shard
//   if (Slot* slot = services.find("dev.sofa.bank.EchoService:1.0")) slot->acquire()…     // a version compare
//
// A service has its slot for as long as the table lives, whatever is installed there, or nothing: what is served
// changes in the slot, for all shards at once. A ServiceEntry is what bindings know of one installed service.
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
  /// `interface` outlives the entry.
  ServiceEntry(const ServiceKey& key, const Interface& interface, ServiceOptions options = {});

  /// `interface:version[:uniqueId]`, as on the wire.
  const std::string& text() const { return text_; }
  const Interface& interface() const { return interface_; }
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
  ServiceOptions options_;
  mutable CallLimit limit_;
  std::vector<std::shared_ptr<OfMethod>> by_method_;  // by the method's index; empty where no method has any
};

/// One immutable snapshot.
class Services {
 public:
  struct Place {
    std::string text;
    std::shared_ptr<Slot> slot;
  };
  Services() = default;
  explicit Services(std::vector<std::shared_ptr<const Place>> places);
  Slot* find(std::string_view text) const;
  const std::vector<std::shared_ptr<const Place>>& places() const { return places_; }

 private:
  std::vector<std::shared_ptr<const Place>> places_;
  std::vector<const Place*> buckets_;  // open addressing, a power of two, at most half full
};

class ServiceTable {
 public:
  /// The slot of the service `text` (`interface:version[:uniqueId]`), made when it is first asked for.
  std::shared_ptr<Slot> slot(std::string_view text);
  /// Puts `service` there, to be served by bindings too.
  std::shared_ptr<Slot> install(const ServiceKey& key, const Interface& interface, std::shared_ptr<void> service,
                                ServiceOptions options = {});

  std::shared_ptr<const Services> snapshot() const;
  /// Changes with every snapshot.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Services> services_ = std::make_shared<Services>();
  std::atomic<std::uint64_t> version_{1};
};

/// A shard's view of the table. That shard's thread only.
class ShardServices {
 public:
  explicit ShardServices(const ServiceTable& table) : table_(table) {}
  ShardServices(const ShardServices&) = delete;
  ShardServices& operator=(const ShardServices&) = delete;

  /// Null: nobody has asked the table for it. The slot lives as long as the table.
  Slot* find(std::string_view text) {
    if (table_.version() != version_) [[unlikely]]
      refresh();
    return services_->find(text);
  }

 private:
  void refresh();

  const ServiceTable& table_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const Services> services_;
};

}  // namespace sofa::rpc
