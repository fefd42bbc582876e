// ServiceLists: the lists that an address source has told, and who watches them.
//
//   auto lists = std::make_shared<ServiceLists>([](const std::string& name) { /* nobody watches it any more */ });
//   auto watch = lists->watch("dev.sofa.bank.EchoService:1.0", changed);
//   lists->update("dev.sofa.bank.EchoService:1.0", providers);      // tells who watches it, if it differs
//   lists->mark_stale("dev.sofa.bank.EchoService:1.0", now);        // the source cannot be asked
//
// A list is kept for as long as it is watched. Versions go up over all lists and never back.
// Threads: any. A watcher is called under its own lock, one call at a time; ending a Watch waits for a call under way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sofa/rpc/address_source.h"

namespace sofa::rpc {

class ServiceLists : public std::enable_shared_from_this<ServiceLists> {
 public:
  /// Services that are watched, and providers of one; more are refused.
  static constexpr std::size_t kMostServices = 4096;
  static constexpr std::size_t kMostProviders = 10'000;

  using Unwatched = std::function<void(const std::string& name)>;
  explicit ServiceLists(Unwatched unwatched = {}) : unwatched_(std::move(unwatched)) {}

  /// Tells what is known of `name` now, if anything. Past kMostServices it is never told anything, and that is logged.
  std::unique_ptr<AddressSource::Watch> watch(const std::string& name, AddressSource::Changed changed);
  bool watched(const std::string& name) const;
  std::vector<std::string> names() const;

  /// What the source says, or, with `stale_since`, said last. Nobody is told when that was told already.
  void update(const std::string& name, std::vector<Provider> providers, io::TimePoint stale_since = io::kNever);
  /// The lists stay and have been the last good ones since `since`; an earlier mark stands.
  void mark_stale(io::TimePoint since);
  /// Null when nothing is known.
  ProviderListPtr known(const std::string& name) const;

 private:
  struct Watcher;
  class Watching;
  struct Entry {
    ProviderListPtr list;
    std::vector<std::shared_ptr<Watcher>> watchers;
  };
  void end(const std::string& name, const std::shared_ptr<Watcher>& watcher);

  const Unwatched unwatched_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::uint64_t version_ = 0;
};

}  // namespace sofa::rpc
