// Feeds arbitrary lines to the reader of provider urls: a provider or an error, never a crash; what was read is written
// so that it reads as the same; and whatever weights a list says, each balancer chooses one of it.
#include <cstdlib>

#include "sofa/rpc/cluster/balancer.h"

namespace {

using namespace sofa::rpc;

// Rings grow with weights, up to a second's work: too slow here, and no other code.
constexpr std::uint64_t kMostWeight = 1'000;

void check_round_trip(const Provider& provider) {
  const std::string url = provider_url(provider);
  if (url.size() > Provider::kMostUrlBytes) return;  // an attribute without `=` got one
  const auto again = parse_provider(url);
  if (!again || *again != provider) std::abort();
  const WarmUp warm_up = warm_up_of(provider);
  if ((warm_up.wall_end_ms > 0) != (warm_up.weight > 0)) std::abort();
}

void check_choices(const std::vector<Provider>& providers, std::uint64_t random, std::string_view key) {
  std::vector<Candidate> candidates;
  std::uint64_t weights = 0;
  for (const Provider& provider : providers) {
    candidates.push_back({.provider = &provider, .weight = provider.weight});
    weights += provider.weight;
  }
  for (const std::string_view name : balancer_names()) {
    if (name == "weightConsistentHash" && weights > kMostWeight) continue;
    const auto balancer = *make_balancer(name);
    balancer->rebuild(candidates);
    std::vector<std::uint32_t> tried;
    for (std::size_t i = 0; i <= providers.size(); ++i) {
      const std::size_t chosen = balancer->choose(candidates, {.random = random, .key = key, .tried = tried});
      if ((chosen == kNobody) != (i == providers.size())) std::abort();
      tried.push_back(static_cast<std::uint32_t>(chosen));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  std::vector<Provider> providers;
  for (std::string_view rest = whole; !rest.empty() && providers.size() < 20;) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (auto provider = parse_provider(rest.substr(0, end))) {
      check_round_trip(*provider);
      providers.push_back(*std::move(provider));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  check_choices(providers, size * 0x9e3779b97f4a7c15, whole.substr(0, 16));
  return 0;
}
