#include "sofa/registry/zookeeper_layout.h"

#include <gmock/gmock.h>

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const rpc::ServiceKey kEcho{"dev.sofa.bank.EchoService", "1.0", {}};

std::vector<std::string> addresses(const std::vector<rpc::Provider>& providers) {
  std::vector<std::string> all;
  all.reserve(providers.size());
  for (const rpc::Provider& provider : providers) all.push_back(provider.address.to_string());
  return all;
}

TEST(ZookeeperUrl, NamesServersRootAndSession) {
  const auto url =
      parse_zookeeper_url("zookeeper://10.0.0.1:2181,zk.bank:2182,[::1]:2183/bank/core?session_timeout_ms=4000");
  ASSERT_TRUE(url) << url.error().what();
  EXPECT_EQ(url->servers, "10.0.0.1:2181,zk.bank:2182,[::1]:2183");
  EXPECT_EQ(url->root, "/bank/core/");
  EXPECT_EQ(url->session_timeout, 4s);
  for (const char* plain : {"zookeeper://a:1", "zookeeper://a:1/"}) {
    EXPECT_EQ(parse_zookeeper_url(plain)->root, "/");
    EXPECT_EQ(parse_zookeeper_url(plain)->session_timeout, 15s);
  }
  EXPECT_EQ(parse_zookeeper_url("zookeeper://a:1/b/")->root, "/b/");
  EXPECT_EQ(providers_path("/b/", "x.Y"), "/b/sofa-rpc/x.Y/providers");
}

TEST(ZookeeperUrl, SaysWhatItDoesNotUnderstand) {
  for (const char* wrong : {"zookeeper://", "zookeeper://a", "zookeeper://a:1,", "zookeeper://a:0",
                            "zookeeper://unix:/x", "zookeeper://a:1//b", "zookeeper://a:1/../b",
                            "zookeeper://a:1/b?timeout=1", "zookeeper://a:1?session_timeout_ms=1"}) {
    EXPECT_FALSE(parse_zookeeper_url(wrong)) << wrong;
  }
  EXPECT_THAT(parse_zookeeper_url("zookeeper://a").error().message(), HasSubstr("zookeeper://host:port"));
}

// What java.net.URLEncoder of JDK 17 makes of them.
TEST(UrlEncoding, IsJavas) {
  EXPECT_EQ(url_encode("bolt://127.0.0.1:12200?version=1.0&appName=a b"),
            "bolt%3A%2F%2F127.0.0.1%3A12200%3Fversion%3D1.0%26appName%3Da+b");
  EXPECT_EQ(url_encode("*-._~+%é中"), "*-._%7E%2B%25%C3%A9%E4%B8%AD");
  EXPECT_EQ(url_decode("a+b%2Bc%c3%A9*~"), "a b+cé*~");
  for (const char* wrong : {"%", "%4", "a%zz", "%-1", "%4x"}) EXPECT_EQ(url_decode(wrong), std::nullopt) << wrong;
}

TEST(ProviderNode, SaysTheUniqueIdEvenWhereItIsEmpty) {
  const auto provider = rpc::parse_provider("bolt://10.0.0.7:12200?version=1.0&weight=200");
  EXPECT_EQ(*provider_node({kEcho, *provider}),
            "bolt%3A%2F%2F10.0.0.7%3A12200%3Fversion%3D1.0%26weight%3D200%26uniqueId%3D");
  const auto named = rpc::parse_provider("bolt://10.0.0.7:12200?uniqueId=a");
  EXPECT_EQ(*provider_node({{"x.Y", "1.0", "a"}, *named}), "bolt%3A%2F%2F10.0.0.7%3A12200%3FuniqueId%3Da");
}

TEST(ProviderNode, RefusesWhatNobodyCouldRead) {
  rpc::Provider provider = *rpc::parse_provider("bolt://10.0.0.7:12200");
  EXPECT_FALSE(provider_node({{"a/b", "1.0", {}}, provider}));
  EXPECT_FALSE(provider_node({{"", "1.0", {}}, provider}));
  provider.attributes.emplace_back("x", std::string(rpc::Provider::kMostUrlBytes, 'x'));
  EXPECT_FALSE(provider_node({kEcho, provider}));
}

TEST(ProvidersOf, ReadsWhatJavaWrites) {
  const auto all = providers_of(
      {"bolt%3A%2F%2F10.0.0.8%3A12200%3Fversion%3D1.0%26accepts%3D100000%26weight%3D70%26language%3Djava%26pid%3D42"
       "%26interface%3Ddev.sofa.bank.EchoService%26timeout%3D0%26serialization%3Dhessian2%26protocol%3Dbolt%26delay%3D-"
       "1"
       "%26dynamic%3Dtrue%26startTime%3D1700000000000%26id%3Drpc-cfg-0%26uniqueId%3D%26rpcVer%3D51302",
       "bolt%3A%2F%2F10.0.0.7%3A12200%2F%3FuniqueId%3D"},
      "");
  EXPECT_THAT(addresses(all), ElementsAre("10.0.0.7:12200", "10.0.0.8:12200"));
  EXPECT_EQ(all[1].weight, 70U);
  EXPECT_EQ(all[1].attribute("rpcVer"), "51302");
}

TEST(ProvidersOf, PassesOverOthersAndNonsense) {
  const std::vector<std::string> nodes = {"",
                                          "x",
                                          "%",
                                          "bolt%3A%2F%2Fa",
                                          "bolt%3A%2F%2Funix%3A%2Frun%2Fbank.sock",
                                          "bolt%3A%2F%2Fa%3A0",
                                          std::string(100'000, 'a'),
                                          url_encode("bolt://b:1?uniqueId=x"),
                                          url_encode("bolt://c:1?uniqueId="),
                                          url_encode("bolt://d:1")};
  EXPECT_THAT(addresses(providers_of(nodes, "")), ElementsAre("c:1", "d:1"));
  EXPECT_THAT(addresses(providers_of(nodes, "x")), ElementsAre("b:1"));
}

TEST(ProvidersOf, OfTwoAtOneAddressTheYoungerStands) {
  for (const auto& nodes :
       std::vector<std::vector<std::string>>{{"bolt://a:1?startTime=9&v=old", "bolt://a:1?startTime=10&v=new"},
                                             {"bolt://a:1?startTime=10&v=new", "bolt://a:1?startTime=9&v=old"}}) {
    const auto all = providers_of({url_encode(nodes[0]), url_encode(nodes[1])}, "");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().attribute("v"), "new");
  }
}

}  // namespace
}  // namespace sofa::registry
