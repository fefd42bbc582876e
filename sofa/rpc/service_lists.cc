#include "sofa/rpc/service_lists.h"

#include <algorithm>

#include "sofa/base/log.h"
#include "sofa/base/mutant.h"

namespace sofa::rpc {

struct ServiceLists::Watcher {
  explicit Watcher(AddressSource::Changed what) : changed(std::move(what)) {}
  /// Lists that come late are older than what was told.
  void tell(const ProviderListPtr& list) {
    const std::lock_guard lock(mutex);
    if (!changed || list->version <= told) return;
    told = list->version;
    changed(list);
  }
  void end() {
    const std::lock_guard lock(mutex);
    changed = nullptr;
  }

  std::mutex mutex;
  AddressSource::Changed changed;  // null: it is over
  std::uint64_t told = 0;
};

class ServiceLists::Watching final : public AddressSource::Watch {
 public:
  Watching(std::shared_ptr<ServiceLists> lists, std::string name, std::shared_ptr<Watcher> watcher)
      : lists_(std::move(lists)), name_(std::move(name)), watcher_(std::move(watcher)) {}
  ~Watching() override {
    watcher_->end();
    lists_->end(name_, watcher_);
  }

 private:
  const std::shared_ptr<ServiceLists> lists_;
  const std::string name_;
  const std::shared_ptr<Watcher> watcher_;
};

std::unique_ptr<AddressSource::Watch> ServiceLists::watch(const std::string& name, AddressSource::Changed changed) {
  auto watcher = std::make_shared<Watcher>(std::move(changed));
  ProviderListPtr list;
  {
    const std::lock_guard lock(mutex_);
    if (entries_.size() < kMostServices || entries_.contains(name)) {
      Entry& entry = entries_[name];
      entry.watchers.push_back(watcher);
      list = entry.list;
    } else {
      log::error("too many services are watched: this one gets no providers {} {}", log::kv("service", name),
                 log::kv("most", kMostServices));
    }
  }
  if (list) watcher->tell(list);
  return std::make_unique<Watching>(shared_from_this(), name, std::move(watcher));
}

void ServiceLists::end(const std::string& name, const std::shared_ptr<Watcher>& watcher) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(name);
    if (entry == entries_.end()) return;
    std::erase(entry->second.watchers, watcher);
    if (!entry->second.watchers.empty()) return;
    entries_.erase(entry);
  }
  if (unwatched_) unwatched_(name);
}

bool ServiceLists::watched(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(name);
}

std::vector<std::string> ServiceLists::names() const {
  std::vector<std::string> names;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

ProviderListPtr ServiceLists::known(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : entry->second.list;
}

void ServiceLists::update(const std::string& name, std::vector<Provider> providers, io::TimePoint stale_since) {
  ProviderListPtr list;
  std::vector<std::shared_ptr<Watcher>> watchers;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    if (entry.list && entry.list->stale_since == stale_since && entry.list->providers == providers) return;
    list = std::make_shared<ProviderList>(ProviderList{std::move(providers), ++version_, stale_since});
    entry.list = list;
    watchers = entry.watchers;
  }
  for (const auto& watcher : watchers) watcher->tell(list);
}

void ServiceLists::mark_stale(io::TimePoint since) {
  for (const std::string& name : names()) {
    const ProviderListPtr list = known(name);
    if (!list || list->stale_since != io::kNever) continue;
    update(name, SOFA_MUTANT("list-shrinks-without-source") ? std::vector<Provider>() : list->providers, since);
  }
}

}  // namespace sofa::rpc
