#include "sofa/rpc/filter.h"

#include <algorithm>
#include <mutex>

#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

struct Registered {
  std::mutex mutex;
  std::vector<FilterEntry> entries;  // by order
};

Registered& registered() {
  static Registered all;
  return all;
}

// SOFARPC's own (5.13): what they do is done by the binding here, so configurations that name them are right.
constexpr std::string_view kBuiltIn[] = {
    "consumerException", "referenceContext", "consumerGeneric", "consumerTracer", "consumerCustomHeader",
    "providerException", "serviceContext",   "providerBaggage", "providerTracer",
};

bool asks_for(std::span<const std::string> names, const FilterEntry& entry) {
  bool wanted = entry.automatic;
  for (const std::string& name : names) {
    if (name == "-*") wanted = false;
  }
  for (const std::string& name : names) {
    if (name == entry.name) wanted = true;
    if (name.starts_with('-') && name.substr(1) == entry.name) wanted = false;
  }
  return wanted;
}

Result<void> check_names(Side side, std::span<const std::string> names, const std::vector<FilterEntry>& entries) {
  for (std::string_view name : names) {
    if (name.starts_with('-')) name.remove_prefix(1);
    if (name == "*" || std::ranges::find(kBuiltIn, name) != std::end(kBuiltIn)) continue;
    if (std::ranges::any_of(entries, [&](const auto& entry) { return entry.side == side && entry.name == name; })) {
      continue;
    }
    std::string known;
    for (const FilterEntry& entry : entries) {
      if (entry.side == side) known += (known.empty() ? "" : ", ") + entry.name;
    }
    return fail(side == Side::kConsumer ? Code::kClientFilter : Code::kServerFilter,
                "there is no filter '{}' here; registered are: {}", name, known.empty() ? "none" : known);
  }
  return {};
}

}  // namespace

void register_filter(FilterEntry entry) {
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.entries, [&](const auto& old) { return old.name == entry.name && old.side == entry.side; });
  const auto place = std::ranges::upper_bound(all.entries, entry.order, {}, &FilterEntry::order);
  all.entries.insert(place, std::move(entry));
}

Result<std::shared_ptr<const FilterChain>> make_filters(Side side, std::span<const std::string> names) {
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  SOFA_TRY_VOID(check_names(side, names, all.entries));
  std::vector<std::shared_ptr<Filter>> filters;
  for (const FilterEntry& entry : all.entries) {
    if (entry.side == side && asks_for(names, entry)) filters.push_back(entry.make());
  }
  if (filters.empty()) return nullptr;
  return std::make_shared<const FilterChain>(std::move(filters));
}

}  // namespace sofa::rpc
