#include "sofa/rpc/router.h"

#include <algorithm>
#include <mutex>

#include "sofa/rpc/error.h"

namespace sofa::rpc {
namespace {

struct Entry {
  std::string name;
  int order;
  std::function<std::shared_ptr<Router>()> make;
};

struct Registered {
  std::mutex mutex;
  std::vector<Entry> entries;  // by order
};

Registered& registered() {
  static Registered all;
  return all;
}

// SOFARPC's own (5.13): they say where a list comes from, which here is the reference's address.
constexpr std::string_view kBuiltIn[] = {"directUrl", "registry", "mesh", "excludeRouter"};

Result<void> check_names(std::span<const std::string> names, const std::vector<Entry>& entries) {
  for (const std::string& name : names) {
    if (std::ranges::find(kBuiltIn, name) != std::end(kBuiltIn)) continue;
    if (std::ranges::find(entries, name, &Entry::name) != entries.end()) continue;
    std::string known;
    for (const Entry& entry : entries) known += (known.empty() ? "" : ", ") + entry.name;
    return fail(Code::kClientRouter, "there is no router '{}' here; registered are: {}", name,
                known.empty() ? "none" : known);
  }
  return {};
}

}  // namespace

void register_router(std::string name, int order, std::function<std::shared_ptr<Router>()> make) {
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  std::erase_if(all.entries, [&](const Entry& old) { return old.name == name; });
  const auto place = std::ranges::upper_bound(all.entries, order, {}, &Entry::order);
  all.entries.insert(place, {std::move(name), order, std::move(make)});
}

Result<std::vector<std::shared_ptr<Router>>> make_routers(std::span<const std::string> names) {
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  SOFA_TRY_VOID(check_names(names, all.entries));
  std::vector<std::shared_ptr<Router>> routers;
  for (const Entry& entry : all.entries) {
    if (std::ranges::find(names, entry.name) != names.end()) routers.push_back(entry.make());
  }
  return routers;
}

}  // namespace sofa::rpc
