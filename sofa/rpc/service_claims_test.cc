#include "sofa/rpc/service_claims.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/error.h"

namespace sofa::rpc {
namespace {

using testing::HasSubstr;

constexpr Interface kOne{.name = "a.B", .methods = {}, .exceptions = nullptr, .layout = 1};
constexpr Interface kOther{.name = "a.B", .methods = {}, .exceptions = nullptr, .layout = 2};
constexpr Interface kAny{.name = "a.B", .methods = {}, .exceptions = nullptr, .layout = 0};

std::string why_not(const std::function<ServiceClaims::Claim()>& claim) {
  try {
    (void)claim();
    return "it is";
  } catch (const Error& error) {
    return error.message();
  }
}

TEST(ServiceClaims, OneOwnerPublishesInSeveralVersions) {
  ServiceClaims claims;
  auto first = claims.publish("a.B:1.0", "x", kOne);
  const auto second = claims.publish("a.B:1.0", "x", kOne);
  EXPECT_THAT(why_not([&] { return claims.publish("a.B:1.0", "y", kOne); }),
              HasSubstr("module 'x' publishes it already"));
  first.reset();
  EXPECT_EQ(claims.publisher("a.B:1.0"), "x");
}

TEST(ServiceClaims, AnotherLayoutIsRefusedOnlyWhereItWouldBeCalled) {
  ServiceClaims claims;
  const auto remote = claims.refer("a.B:1.0", "", kOne);
  const auto imported = claims.refer("a.B:1.0", "", kOther);
  const auto generic = claims.refer("a.B:1.0", "", kAny);
  EXPECT_THAT(why_not([&] { return claims.publish("a.B:1.0", "x", kOne); }),
              HasSubstr("another a.B than the application"));
  const auto published = claims.publish("c.D:1.0", "x", kOne);
  EXPECT_THAT(why_not([&] { return claims.refer("c.D:1.0", "y", kOther); }),
              HasSubstr("module 'y' was compiled with another"));
  EXPECT_EQ(why_not([&] { return claims.refer("c.D:1.0", "y", kAny); }), "it is");
  EXPECT_THAT(why_not([&] { return claims.publish("c.D:1.0", "x", kOther); }), HasSubstr("than module 'x'"));
}

TEST(ServiceClaims, AreForgottenWhenTheyGo) {
  ServiceClaims claims;
  claims.publish("a.B:1.0", "x", kOne).reset();
  EXPECT_FALSE(claims.publisher("a.B:1.0"));
  const auto other = claims.publish("a.B:1.0", "y", kOther);
  EXPECT_EQ(claims.publisher("a.B:1.0"), "y");
}

}  // namespace
}  // namespace sofa::rpc
