#include "sofa/rpc/service_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "sofa/rpc/java_type.h"
#include "sofa/rpc/priority.h"

namespace sofa::rpc {
namespace {

// A few instructions for text of a service key's length, which std::hash has not. The keys are our own, so nobody can
// aim at collisions.
std::size_t hash_of(std::string_view text) {
  if (text.empty()) return 0;
  std::uint64_t hash = text.size();
  const auto mix = [&](const char* at, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, size);
    hash = (std::rotl(hash, 23) ^ word) * 0x9e3779b97f4a7c15;
  };
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  if (text.size() < kWord) {
    mix(text.data(), text.size());
  } else {
    for (std::size_t at = 0; at + kWord < text.size(); at += kWord) mix(text.data() + at, kWord);
    mix(text.data() + text.size() - kWord, kWord);  // overlaps the word before it
  }
  return static_cast<std::size_t>(hash ^ hash >> 32);
}

}  // namespace

ServiceEntry::ServiceEntry(const ServiceKey& key, const Interface& interface, ServiceOptions options)
    : text_(key.to_string()),
      interface_(interface),
      options_(std::move(options)),
      limit_(options_.max_concurrent, options_.adaptive_limit) {
  if (options_.by_method.empty()) return;
  by_method_.resize(interface.methods.size());
  for (const auto& [name, own] : options_.by_method) {
    const auto made = std::make_shared<OfMethod>(own.max_concurrent, own.priority.value_or(options_.priority));
    for (const Method& method : interface.methods) {
      if (method.name == name) by_method_[static_cast<std::size_t>(method.index)] = made;
    }
  }
}

bool ServiceEntry::admit(const Method& method, CallContext& context) const {
  const OfMethod* own = of_method(method);
  const std::int32_t priority = own ? own->priority : options_.priority;
  if (priority != 0 && !context.get(kPriority)) context.set(kPriority, priority);
  const float share = share_of(context);
  return limit_.has_room(share) && (!own || own->limit.has_room(share));
}

const Method* ServiceEntry::find(std::string_view name, std::span<const std::string_view> signatures) const {
  if (interface_.is_relayed) return &interface_.methods.front();
  const Method* only = nullptr;  // the one method of that name
  bool overloaded = false;
  for (const Method& method : interface_.methods) {
    if (method.name != name) continue;
    if (std::ranges::equal(method.signatures, signatures, same_java_type)) return &method;
    overloaded = only != nullptr;
    only = &method;
  }
  const bool fits = only && !overloaded && only->signatures.size() == signatures.size();
  return fits ? only : nullptr;
}

Services::Services(std::vector<std::shared_ptr<const Place>> places) : places_(std::move(places)) {
  buckets_.resize(std::bit_ceil(places_.size() * 2));
  for (const auto& place : places_) {
    std::size_t at = hash_of(place->text);
    while (buckets_[at & (buckets_.size() - 1)]) ++at;
    buckets_[at & (buckets_.size() - 1)] = place.get();
  }
}

Slot* Services::find(std::string_view text) const {
  if (places_.empty()) return nullptr;
  for (std::size_t at = hash_of(text);; ++at) {
    const Place* place = buckets_[at & (buckets_.size() - 1)];
    if (!place) return nullptr;
    if (place->text == text) return place->slot.get();
  }
}

std::shared_ptr<Slot> ServiceTable::slot(std::string_view text) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(services_->places(), text, [](const auto& place) { return place->text; });
  if (known != services_->places().end()) return (*known)->slot;
  auto places = services_->places();
  places.push_back(std::make_shared<Services::Place>(std::string(text), std::make_shared<Slot>()));
  services_ = std::make_shared<Services>(std::move(places));
  version_.fetch_add(1, std::memory_order_release);
  return services_->places().back()->slot;
}

std::shared_ptr<Slot> ServiceTable::install(const ServiceKey& key, const Interface& interface,
                                            std::shared_ptr<void> service, ServiceOptions options) {
  auto entry = std::make_shared<ServiceEntry>(key, interface, std::move(options));
  std::shared_ptr<Slot> at = slot(entry->text());
  at->install(std::move(service), std::move(entry));
  return at;
}

std::shared_ptr<const Services> ServiceTable::snapshot() const {
  const std::lock_guard lock(mutex_);
  return services_;
}

void ShardServices::refresh() {
  version_ = table_.version();  // before the snapshot: a newer one taken by chance is only taken again
  services_ = table_.snapshot();
}

}  // namespace sofa::rpc
