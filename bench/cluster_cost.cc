// cluster_cost [CALLS]: what a cluster of ten providers with fault tolerance and three filters adds to a call, in ns.
//
// Both ways end at a remote that answers at once, so that nothing but the way is measured; rounds are interleaved.
// Prints one JSON line.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/burn.h"
#include "sofa/io/posix/env.h"
#include "sofa/rpc/cluster_remote.h"
#include "sofa/rpc/filter.h"

namespace {

using namespace sofa;

class Answering final : public rpc::Remote {
 public:
  void start(rpc::RemoteCall& call) override { call.succeed(); }
  void abandon(rpc::RemoteCall&) override {}
};

class Passing final : public rpc::Filter {
 public:
  Task<void> invoke(rpc::Invocation& call, rpc::Next next) override { return next(call); }
};

constexpr int kProviders = 10;
constexpr int kRounds = 9;
const rpc::Interface& interface() {
  return rpc::ServiceCode<BurnService>::interface();
}

Task<double> nanoseconds_a_call(rpc::Reference<BurnService> service, long calls) {
  const auto start = std::chrono::steady_clock::now();
  for (long i = 0; i < calls; ++i) co_await service->burn(1);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  co_return took.count() / static_cast<double>(calls);
}

rpc::Reference<BurnService> refer(std::shared_ptr<rpc::Remote> remote,
                                  std::shared_ptr<const rpc::FilterChain> filters = nullptr) {
  return rpc::Reference<BurnService>(std::make_shared<const rpc::Route>(
      rpc::Route{std::make_shared<rpc::Slot>(), std::move(remote), std::string(interface().name), std::move(filters)}));
}

}  // namespace

int main(int argc, char** argv) {
  const long calls = argc > 1 ? std::atol(argv[1]) : 300'000;
  Context context(io::posix::env(), {.app = "cluster_cost"});
  auto answering = std::make_shared<Answering>();
  auto cluster = *rpc::ClusterRemote::make(context.shards(), {.service = "cost", .timeout = std::chrono::seconds(3)},
                                           {}, [&](const rpc::Provider&) { return answering; });
  auto list = std::make_shared<rpc::ProviderList>();
  list->version = 1;
  for (int i = 0; i < kProviders; ++i) {
    list->providers.push_back({.address = {"10.0.0." + std::to_string(i + 1), 12200, false}});
  }
  cluster->set_providers(list);
  const std::vector<std::shared_ptr<rpc::Filter>> three{std::make_shared<Passing>(), std::make_shared<Passing>(),
                                                        std::make_shared<Passing>()};
  const auto direct = refer(answering);
  const auto clustered = refer(cluster, std::make_shared<const rpc::FilterChain>(three));
  std::vector<double> plain, added;
  for (int round = 0; round < kRounds; ++round) {
    plain.push_back(context.wait(nanoseconds_a_call(direct, calls)));
    added.push_back(context.wait(nanoseconds_a_call(clustered, calls)) - plain.back());
  }
  std::sort(plain.begin(), plain.end());
  std::sort(added.begin(), added.end());
  std::printf("{\"direct_ns\": %.1f, \"added_ns\": %.1f, \"added_least_ns\": %.1f, \"added_most_ns\": %.1f}\n",
              plain[kRounds / 2], added[kRounds / 2], added.front(), added.back());
  context.stop(std::chrono::seconds(1));
}
