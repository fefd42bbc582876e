#include "sofa/rpc/cluster/provider.h"

#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

TEST(ProviderTest, ReadsWhatJavaPublishes) {
  const auto provider = parse_provider(
      "bolt://10.0.0.7:12200?version=1.0&accepts=100000&appName=bank&weight=200&language=java&pid=17&interface="
      "dev.sofa.bank.AccountService&timeout=0&serialization=hessian2&protocol=bolt&delay=-1&dynamic=true&startTime="
      "1700000000000&id=&uniqueId=a&rpcVer=51302");
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->address.to_string(), "10.0.0.7:12200");
  EXPECT_EQ(provider->weight, 200u);
  EXPECT_EQ(provider->attribute("appName"), "bank");
  EXPECT_EQ(provider->attribute("uniqueId"), "a");
  EXPECT_EQ(provider->attribute("id"), "");
  EXPECT_EQ(provider->attribute("absent"), "");
}

TEST(ProviderTest, WritesBackWhatItRead) {
  for (const std::string url : {"bolt://10.0.0.7:12200", "bolt://10.0.0.7:12200?weight=7&a=b=c&empty=",
                                "tri://[::1]:50051?x=1", "bolt://unix:/run/bank.sock?weight=3"}) {
    const auto provider = parse_provider(url);
    ASSERT_TRUE(provider) << url << ": " << provider.error().message();
    EXPECT_EQ(provider_url(*provider), url);
  }
}

TEST(ProviderTest, DropsAPathAndLowersTheProtocol) {
  const auto provider = parse_provider("REST://10.0.0.7:8080/context/path?weight=5");
  ASSERT_TRUE(provider);
  EXPECT_EQ(provider->protocol, "rest");
  EXPECT_EQ(provider->address.to_string(), "10.0.0.7:8080");
  EXPECT_EQ(provider->weight, 5u);
}

TEST(ProviderTest, KeepsTheWeightWhereItIsNoNumber) {
  for (const char* weight : {"", "-1", "12x", "99999999999"}) {
    const auto provider = parse_provider(std::string("bolt://a:1?weight=") + weight);
    ASSERT_TRUE(provider);
    EXPECT_EQ(provider->weight, Provider::kDefaultWeight) << weight;
  }
}

TEST(ProviderTest, RefusesWhatHasNoAddressOrIsTooLarge) {
  for (const std::string& url : {std::string("bolt://"), std::string("bolt://host"), std::string("bolt://host:0x1"),
                                 "bolt://h:1?" + std::string(Provider::kMostUrlBytes, 'a')}) {
    EXPECT_FALSE(parse_provider(url)) << url.substr(0, 40);
  }
  std::string many = "bolt://h:1?";
  for (std::size_t i = 0; i <= Provider::kMostAttributes; ++i) many += "a=b&";
  EXPECT_FALSE(parse_provider(many));
}

TEST(ProviderTest, WarmsUpOnlyWithAllThreeAttributes) {
  EXPECT_EQ(warm_up_of(*parse_provider("bolt://a:1?startTime=1000&warmupTime=500&warmupWeight=10")).wall_end_ms, 1500);
  EXPECT_EQ(warm_up_of(*parse_provider("bolt://a:1?startTime=1000&warmupTime=500&warmupWeight=10")).weight, 10u);
  EXPECT_EQ(warm_up_of(*parse_provider("bolt://a:1?startTime=1000&warmupTime=500")).wall_end_ms, 0);
  EXPECT_EQ(
      warm_up_of(*parse_provider("bolt://a:1?startTime=9223372036854775807&warmupTime=9&warmupWeight=1")).wall_end_ms,
      INT64_MAX);
}

}  // namespace
}  // namespace sofa::rpc
