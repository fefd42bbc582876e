#include "sofa/rpc/hash_key.h"

#include <limits>

#include <gtest/gtest.h>

#include "sofa/base/big_integer.h"
#include "sofa/base/date.h"
#include "sofa/base/decimal.h"
#include "sofa/rpc/generic.h"

namespace sofa::rpc {

enum class Currency { CNY, USD };
SOFA_JAVA_ENUM(Currency, "dev.sofa.Currency", CNY, USD);

namespace {

template <class First>
std::string key_of(First first) {
  const std::tuple<First, int> arguments(std::move(first), 7);
  return detail::hash_key<First, int>(&arguments).value_or("none");
}

TEST(HashKeyTest, IsTheTextThatJavaGivesOfTheFirstArgument) {
  EXPECT_EQ(key_of(std::string("alice")), "alice");
  EXPECT_EQ(key_of(true), "true");
  EXPECT_EQ(key_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(key_of(Decimal(100, 2)), "1.00");
  EXPECT_EQ(key_of(Decimal(1, 7)), "1E-7");
  EXPECT_EQ(key_of(BigInteger(-12)), "-12");
  EXPECT_EQ(key_of(Currency::USD), "USD");
  EXPECT_EQ(key_of(std::optional<std::string>("alice")), "alice");
  EXPECT_EQ(key_of(std::optional<Currency>(Currency::CNY)), "CNY");
  EXPECT_EQ(key_of(std::optional<bool>(false)), "false");
}

TEST(HashKeyTest, IsEmptyWhereNothingIsGiven) {
  EXPECT_EQ(key_of(std::optional<Decimal>()), "");
  EXPECT_EQ(key_of(static_cast<Currency>(9)), "");
  const std::tuple<> arguments;
  EXPECT_EQ(detail::hash_key(&arguments), "");
}

TEST(HashKeyTest, IsNotThereForWhatJavaHasNoLastingTextOf) {
  EXPECT_EQ(key_of(1.5), "none");
  EXPECT_EQ(key_of(Date()), "none");
  EXPECT_EQ(key_of(std::vector<std::string>{"alice"}), "none");
}

TEST(HashKeyTest, IsTheSameOfAGenericCall) {
  using Values = std::vector<hessian::Value>;
  EXPECT_EQ(detail::hash_key_of(Values{"alice", 7}), "alice");
  EXPECT_EQ(detail::hash_key_of(Values{-5}), "-5");
  EXPECT_EQ(detail::hash_key_of(Values{true}), "true");
  EXPECT_EQ(detail::hash_key_of(Values{hessian::Value()}), "");
  EXPECT_EQ(detail::hash_key_of(Values{}), "");
  EXPECT_EQ(detail::hash_key_of(Values{1.5}), std::nullopt);
}

}  // namespace
}  // namespace sofa::rpc
