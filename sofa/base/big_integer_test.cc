#include "sofa/base/big_integer.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace sofa {
namespace {

BigInteger big(std::string_view text) {
  return BigInteger::parse(text).value();
}

// What java.math.BigInteger of OpenJDK 17 answers: toByteArray and hashCode.
struct BytesRow {
  const char* text;
  const char* hex;
  std::int32_t hash;
};
constexpr BytesRow kBytes[] = {
    {"0", "00", 0},
    {"1", "01", 1},
    {"-1", "ff", -1},
    {"127", "7f", 127},
    {"128", "0080", 128},
    {"-128", "80", -128},
    {"-129", "ff7f", -129},
    {"255", "00ff", 255},
    {"256", "0100", 256},
    {"9223372036854775807", "7fffffffffffffff", 2147483616},
    {"9223372036854775808", "008000000000000000", -2147483648},
    {"-9223372036854775808", "8000000000000000", -2147483648},
    {"-9223372036854775809", "ff7fffffffffffffff", 2147483647},
    {"-18446744073709551616", "ff0000000000000000", -961},
    {"123456789012345678901234567890", "018ee90ff6c373e0ee4e3f0ad2", 1915528825},
};

TEST(BigInteger, HasJavasBytesAndHashes) {
  for (const auto& row : kBytes) {
    SCOPED_TRACE(row.text);
    BigInteger value = big(row.text);
    Bytes bytes = value.to_bytes();
    std::string hex;
    for (auto byte : bytes) hex += fmt::format("{:02x}", byte);
    EXPECT_EQ(hex, row.hex);
    EXPECT_EQ(value.hash_code(), row.hash);
    EXPECT_EQ(value.to_string(), row.text);
    EXPECT_EQ(BigInteger::from_bytes(bytes).value(), value);
    EXPECT_EQ(BigInteger::from_magnitude(value.signum(), value.magnitude()).value(), value);
  }
}

TEST(BigInteger, ShowsItsMagnitude) {
  EXPECT_EQ(big("-18446744073709551618").magnitude(), (std::vector<std::uint32_t>{1, 0, 2}));
  EXPECT_TRUE(BigInteger(0).magnitude().empty());
  EXPECT_EQ(BigInteger::from_magnitude(-1, std::vector<std::uint32_t>{0, 0, 7}).value(), BigInteger(-7));
  EXPECT_EQ(BigInteger(255).magnitude_bits(), 8u);
  EXPECT_EQ(BigInteger::from_uint64(~std::uint64_t{0}).to_string(), "18446744073709551615");
}

TEST(BigInteger, RefusesWhatIsNone) {
  for (const char* text : {"", "+", "-", "1.0", " 1", "1a", "--1"}) {
    ASSERT_FALSE(BigInteger::parse(text)) << text;
    EXPECT_TRUE(BigInteger::parse(text).error().is(NumberError::kMalformed));
  }
  EXPECT_TRUE(BigInteger::parse(std::string(10'001, '1')).error().is(NumberError::kTooLarge));
  EXPECT_TRUE(BigInteger::from_bytes({}).error().is(NumberError::kMalformed));
  EXPECT_TRUE(BigInteger::from_bytes(Bytes(1 << 20, 1)).error().is(NumberError::kTooLarge));
  const std::vector<std::uint32_t> one{1};
  EXPECT_TRUE(BigInteger::from_magnitude(0, one).error().is(NumberError::kMalformed));
  EXPECT_TRUE(BigInteger::from_magnitude(2, one).error().is(NumberError::kMalformed));
  const std::vector<std::uint32_t> many(BigInteger::kMaxWords + 1, 1);
  EXPECT_TRUE(BigInteger::from_magnitude(1, many).error().is(NumberError::kTooLarge));
  EXPECT_TRUE(BigInteger(1).divide(0).error().is(NumberError::kDivisionByZero));
}

TEST(BigInteger, HoldsTheLargestTextItTakes) {
  const std::string text(BigInteger::kMaxDigits, '9');
  BigInteger value = big(text);
  EXPECT_EQ(value.to_string(), text);
  EXPECT_EQ(value.digits(), BigInteger::kMaxDigits);
  EXPECT_EQ(value + 1, BigInteger::power_of_ten(BigInteger::kMaxDigits));
  EXPECT_EQ((value + 1).digits(), BigInteger::kMaxDigits + 1);
  EXPECT_LE(value.magnitude().size(), BigInteger::kMaxWords);
  EXPECT_EQ(BigInteger::from_bytes(value.to_bytes()).value(), value);
}

TEST(BigInteger, CrossesTheEdgeOf64Bits) {
  const std::int64_t min = std::numeric_limits<std::int64_t>::min();
  const std::int64_t max = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ((BigInteger(max) + 1).to_string(), "9223372036854775808");
  EXPECT_EQ((BigInteger(max) + 1 - 1).to_int64(), max) << "one representation a value";
  EXPECT_EQ(BigInteger(min).negate().to_string(), "9223372036854775808");
  EXPECT_EQ(BigInteger(min).negate().negate().to_int64(), min);
  EXPECT_EQ(BigInteger(min).divide(-1)->quotient.to_string(), "9223372036854775808");
  EXPECT_EQ((BigInteger(min) * BigInteger(min)).to_string(), "85070591730234615865843651857942052864");
  BigInteger copy = big("123456789012345678901234567890");
  BigInteger other = copy;
  copy = copy - copy;
  EXPECT_EQ(copy, BigInteger(0));
  EXPECT_EQ(other.to_string(), "123456789012345678901234567890");
}

/// Words that are often 0 or all ones: where carries and quotient guesses go wrong.
BigInteger draw(std::mt19937_64& random, std::size_t max_words) {
  std::vector<std::uint32_t> words(random() % (max_words + 1));
  for (auto& word : words) {
    switch (random() % 4) {
      case 0:
        word = 0;
        break;
      case 1:
        word = ~std::uint32_t{0};
        break;
      case 2:
        word = std::uint32_t{1} << 31;
        break;
      default:
        word = static_cast<std::uint32_t>(random());
    }
  }
  BigInteger value = BigInteger::from_magnitude(1, words).value();
  return random() % 2 ? value : value.negate();
}

TEST(BigInteger, KeepsTheLawsOfArithmetic) {
  std::mt19937_64 random(1815);
  for (int i = 0; i < 20'000; ++i) {
    BigInteger a = draw(random, 9);
    BigInteger b = draw(random, 6);
    BigInteger c = draw(random, 3);
    SCOPED_TRACE(fmt::format("{} {} {}", a, b, c));
    ASSERT_EQ(a + b, b + a);
    ASSERT_EQ(a + b - b, a);
    ASSERT_EQ(a - b, (b - a).negate());
    ASSERT_EQ((a + b) * c, a * c + b * c);
    ASSERT_EQ((a + b) * (a - b), a * a - b * b);
    ASSERT_EQ(a < b, (a - b).signum() < 0);
    ASSERT_EQ(big(a.to_string()), a);
    ASSERT_EQ(a.abs().to_string().size(), a.digits());
    ASSERT_EQ(BigInteger::from_bytes(a.to_bytes()).value(), a);
    if (b.signum() == 0) continue;
    auto [quotient, remainder] = a.divide(b).value();
    ASSERT_EQ(quotient * b + remainder, a);
    ASSERT_LT(remainder.abs(), b.abs());
    ASSERT_TRUE(remainder.signum() == 0 || remainder.signum() == a.signum());
  }
}

TEST(BigInteger, AgreesWith128Bits) {
  std::mt19937_64 random(42);
  for (int i = 0; i < 20'000; ++i) {
    auto x = static_cast<std::int64_t>(random()) >> (random() % 64);
    auto y = static_cast<std::int64_t>(random()) >> (random() % 64);
    const __int128 product = static_cast<__int128>(x) * y;
    ASSERT_EQ(BigInteger(x) * BigInteger(y), BigInteger::from_int128(product));
    ASSERT_EQ(BigInteger(x) + BigInteger(y), BigInteger::from_int128(static_cast<__int128>(x) + y));
    ASSERT_EQ(BigInteger(x) - BigInteger(y), BigInteger::from_int128(static_cast<__int128>(x) - y));
    if (y == 0) continue;
    const __int128 dividend = product + x;
    auto division = BigInteger::from_int128(dividend).divide(y).value();
    ASSERT_EQ(division.quotient, BigInteger::from_int128(dividend / y));
    ASSERT_EQ(division.remainder, BigInteger::from_int128(dividend % y));
  }
}

}  // namespace
}  // namespace sofa
