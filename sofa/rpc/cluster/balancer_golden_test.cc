// Our rings against what the real SOFARPC chose.
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/rpc/cluster/balancer.h"

namespace sofa::rpc {
namespace {

using Json = nlohmann::json;

const Json& golden() {
  static const Json all = Json::parse(std::ifstream(SOFA_SOURCE_DIR "/tests/golden/rpc/balancers.json"));
  return all;
}

struct Service {
  explicit Service(const Json& urls) {
    for (const std::string url : urls) providers.push_back(*parse_provider(url));
    for (const Provider& provider : providers) {
      candidates.push_back({.provider = &provider, .weight = provider.weight});
    }
  }
  std::vector<Provider> providers;
  std::vector<Candidate> candidates;
};

const Json& case_of(const std::string& name, const std::string& balancer) {
  for (const Json& one : golden()["cases"]) {
    if (one["name"] == name && one["balancer"] == balancer) return one;
  }
  throw std::out_of_range(name);
}

/// How many keys of a case go elsewhere than in Java.
std::size_t astray(const Json& one, Balancer& balancer, std::span<const Candidate> candidates) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < golden()["keys"].size(); ++i) {
    const std::string key = golden()["keys"][i];
    const std::size_t expected = one["chosen"][i];
    count += balancer.choose(candidates, {.random = i, .key = key}) != expected;
  }
  return count;
}

TEST(BalancerGoldenTest, ChoosesAsJavaForEveryKey) {
  std::size_t cases = 0;
  for (const Json& one : golden()["cases"]) {
    const Service service(one["providers"]);
    const auto balancer = *make_balancer(std::string(one["balancer"]));
    balancer->rebuild(service.candidates);
    EXPECT_EQ(astray(one, *balancer, service.candidates), 0u) << one["name"] << " " << one["balancer"];
    ++cases;
  }
  EXPECT_EQ(cases, 44u);
}

TEST(BalancerGoldenTest, ChoosesAsJavaWithoutTheOneThatIsNotAvailable) {
  // Java's list lacks it; ours has it, not available.
  for (const std::string balancer_name : {"consistentHash", "weightConsistentHash"}) {
    for (const std::string name : {"even-10", "uneven-10", "even-100", "uneven-100"}) {
      const Json& one = case_of(name, balancer_name);
      const Json& less = case_of(name + "-less-one", balancer_name);
      Service service(one["providers"]);
      const std::size_t gone = service.candidates.size() / 2;
      service.candidates[gone].available = false;
      const auto balancer = *make_balancer(balancer_name);
      balancer->rebuild(service.candidates);
      for (std::size_t i = 0; i < golden()["keys"].size(); ++i) {
        const std::string key = golden()["keys"][i];
        std::size_t expected = less["chosen"][i];
        if (expected >= gone) ++expected;
        ASSERT_EQ(balancer->choose(service.candidates, {.key = key}), expected) << name << " " << balancer_name;
      }
    }
  }
}

TEST(BalancerGoldenTest, ChoosesAsJavaForTheTextOfAnyArgument) {
  const Service service(case_of("even-10", "consistentHash")["providers"]);
  const auto balancer = *make_balancer("consistentHash");
  balancer->rebuild(service.candidates);
  for (const Json& one : golden()["arguments"]) {
    if (!one.contains("chosen")) continue;
    const std::string text = one["text"];
    const std::size_t expected = one["chosen"];
    EXPECT_EQ(balancer->choose(service.candidates, {.key = text}), expected) << one;
  }
}

TEST(BalancerGoldenTest, FindsARingThatIsAnother) {
  const Json& one = case_of("even-10", "consistentHash");
  Service service(one["providers"]);
  service.providers[3].address.port += 1;
  const auto balancer = *make_balancer("consistentHash");
  balancer->rebuild(service.candidates);
  EXPECT_GT(astray(one, *balancer, service.candidates), 20u);
}

}  // namespace
}  // namespace sofa::rpc
