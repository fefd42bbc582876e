#include "sofa/base/decimal.h"

#include <limits>
#include <random>
#include <unordered_set>

#include <gtest/gtest.h>

namespace sofa {
namespace {

Decimal dec(std::string_view text) {
  return Decimal::parse(text).value();
}

// What java.math.BigDecimal of OpenJDK 17 answers. An empty plain form is one too long for a table.
struct TextRow {
  const char* text;
  const char* canonical;
  const char* plain;
  std::size_t precision;
  std::int32_t scale;
  std::int32_t hash;
  const char* stripped;
};
constexpr TextRow kTexts[] = {
    {"0", "0", "0", 1, 0, 0, "0"},
    {"-0", "0", "0", 1, 0, 0, "0"},
    {"0.00", "0.00", "0.00", 1, 2, 2, "0"},
    {"0E5", "0E+5", "0", 1, -5, -5, "0"},
    {"0E-7", "0E-7", "0.0000000", 1, 7, 7, "0"},
    {"0.0000001", "1E-7", "0.0000001", 1, 7, 38, "1E-7"},
    {"0.000001", "0.000001", "0.000001", 1, 6, 37, "0.000001"},
    {"1.5e-3", "0.0015", "0.0015", 2, 4, 469, "0.0015"},
    {"1E5", "1E+5", "100000", 1, -5, 26, "1E+5"},
    {"1e+5", "1E+5", "100000", 1, -5, 26, "1E+5"},
    {"12e-1", "1.2", "1.2", 2, 1, 373, "1.2"},
    {"-12.3450", "-12.3450", "-12.3450", 6, 4, -3826946, "-12.345"},
    {"123456789012345678901234567890.123", "123456789012345678901234567890.123", "123456789012345678901234567890.123",
     33, 3, -285907324, "123456789012345678901234567890.123"},
    {"-1E-400", "-1E-400", "", 1, 400, 369, "-1E-400"},
    {"7.", "7", "7", 1, 0, 217, "7"},
    {".5", "0.5", "0.5", 1, 1, 156, "0.5"},
    {"+.5", "0.5", "0.5", 1, 1, 156, "0.5"},
    {"-.5", "-0.5", "-0.5", 1, 1, -154, "-0.5"},
    {"007", "7", "7", 1, 0, 217, "7"},
    {"1e0", "1", "1", 1, 0, 31, "1"},
    {"9223372036854775807", "9223372036854775807", "9223372036854775807", 19, 0, 2147482656, "9223372036854775807"},
    {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808", 19, 0, -2147483648,
     "-9223372036854775808"},
    {"9223372036854775808", "9223372036854775808", "9223372036854775808", 19, 0, -2147483648, "9223372036854775808"},
    {"-9223372036854775.808", "-9223372036854775.808", "-9223372036854775.808", 19, 3, -2147483645,
     "-9223372036854775.808"},
    {"18446744073709551616", "18446744073709551616", "18446744073709551616", 20, 0, 29791, "18446744073709551616"},
    {"4294967296", "4294967296", "4294967296", 10, 0, 961, "4294967296"},
    {"-4294967295", "-4294967295", "-4294967295", 10, 0, 31, "-4294967295"},
    {"1E+10000", "1E+10000", "", 1, -10000, -9969, "1E+10000"},
    {"123.4E10", "1.234E+12", "1234000000000", 4, -9, 38245, "1.234E+12"},
    {"100", "100", "100", 3, 0, 3100, "1E+2"},
    {"100.00", "100.00", "100.00", 5, 2, 310002, "1E+2"},
    {"1.00E+3", "1.00E+3", "1000", 3, -1, 3099, "1E+3"},
    {"2147483648e-12", "0.002147483648", "0.002147483648", 10, 12, -2147483636, "0.002147483648"},
    {"-99999999999999999999E-30", "-9.9999999999999999999E-11", "-0.000000000099999999999999999999", 20, 30, 1772434293,
     "-9.9999999999999999999E-11"},
};

TEST(Decimal, WritesWhatJavaWrites) {
  for (const auto& row : kTexts) {
    SCOPED_TRACE(row.text);
    Decimal value = dec(row.text);
    EXPECT_EQ(value.to_string(), row.canonical);
    EXPECT_EQ(value.precision(), row.precision);
    EXPECT_EQ(value.scale(), row.scale);
    EXPECT_EQ(value.hash_code(), row.hash);
    EXPECT_EQ(value.strip_trailing_zeros().to_string(), row.stripped);
    if (*row.plain != 0) {
      EXPECT_EQ(value.to_plain_string(), row.plain);
      EXPECT_EQ(dec(row.plain), value);
    }
    EXPECT_TRUE(dec(row.canonical).identical(value));
  }
}

TEST(Decimal, RefusesWhatJavaRefuses) {
  for (const char* text : {"",      ".",  "-",  "+",  "-.",   "1-2", ".-5", "1.-5", "1..2",  "1e",   "1e+",
                           "1e+-5", "e5", " 1", "1 ", "0x10", "NaN", "1,5", "--1",  "1e5.0", "1_000"}) {
    auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(parsed.error().is(NumberError::kMalformed)) << text;
  }
}

TEST(Decimal, LimitsWhatComesFromOutside) {
  EXPECT_TRUE(Decimal::parse(std::string(Decimal::kMaxDigits, '9')));
  for (const auto& text : {std::string(Decimal::kMaxDigits + 1, '9'), std::string(1 << 20, '1'), std::string("1E10001"),
                           std::string("1E-10001"), std::string("1E99999999999999999999")}) {
    auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed) << text.substr(0, 20);
    EXPECT_TRUE(parsed.error().is(NumberError::kTooLarge));
  }
}

TEST(Decimal, RefusesToGrowWithoutBound) {
  Decimal huge(1, std::numeric_limits<std::int32_t>::min());
  EXPECT_THROW(huge + Decimal(1), Error);
  EXPECT_THROW(huge.to_plain_string(), Error);
  EXPECT_THROW(huge * huge, Error);
  EXPECT_FALSE(huge.set_scale(0));
  EXPECT_FALSE(huge.divide(Decimal(3), 0, RoundingMode::kUp));
  EXPECT_GT(huge, dec("9E+10000")) << "comparing needs no digits";
  EXPECT_LT(huge.negate(), Decimal(0));
}

struct RoundingRow {
  const char* text;
  const char* rounded[8];  // by RoundingMode; "!" is Java's ArithmeticException
};
constexpr RoundingRow kRoundings[] = {
    {"5.5", {"6", "5", "6", "5", "6", "5", "6", "!"}},
    {"2.5", {"3", "2", "3", "2", "3", "2", "2", "!"}},
    {"1.6", {"2", "1", "2", "1", "2", "2", "2", "!"}},
    {"1.1", {"2", "1", "2", "1", "1", "1", "1", "!"}},
    {"1.0", {"1", "1", "1", "1", "1", "1", "1", "1"}},
    {"-1.0", {"-1", "-1", "-1", "-1", "-1", "-1", "-1", "-1"}},
    {"-1.1", {"-2", "-1", "-1", "-2", "-1", "-1", "-1", "!"}},
    {"-1.6", {"-2", "-1", "-1", "-2", "-2", "-2", "-2", "!"}},
    {"-2.5", {"-3", "-2", "-2", "-3", "-3", "-2", "-2", "!"}},
    {"-5.5", {"-6", "-5", "-5", "-6", "-6", "-5", "-6", "!"}},
    {"0.5", {"1", "0", "1", "0", "1", "0", "0", "!"}},
    {"-0.5", {"-1", "0", "0", "-1", "-1", "0", "0", "!"}},
    {"0.49999999999999999999999", {"1", "0", "1", "0", "0", "0", "0", "!"}},
    {"12345678901234567890123.5",
     {"12345678901234567890124", "12345678901234567890123", "12345678901234567890124", "12345678901234567890123",
      "12345678901234567890124", "12345678901234567890123", "12345678901234567890124", "!"}},
    {"-0.1", {"-1", "0", "0", "-1", "0", "0", "0", "!"}},
};

TEST(Decimal, RoundsAsJavaDoes) {
  for (const auto& row : kRoundings) {
    for (int mode = 0; mode < 8; ++mode) {
      SCOPED_TRACE(fmt::format("{} mode {}", row.text, mode));
      auto rounded = dec(row.text).set_scale(0, static_cast<RoundingMode>(mode));
      auto divided = dec(row.text).divide(Decimal(1), 0, static_cast<RoundingMode>(mode));
      EXPECT_EQ(rounded ? rounded->to_string() : "!", row.rounded[mode]);
      EXPECT_EQ(divided ? divided->to_string() : "!", row.rounded[mode]);
    }
  }
}

struct DivideRow {
  const char* dividend;
  const char* divisor;
  std::int32_t scale;
  int mode;
  const char* quotient;
};
constexpr DivideRow kDivisions[] = {
    {"1", "3", 5, 6, "0.33333"},
    {"1", "3", 5, 0, "0.33334"},
    {"2", "3", 0, 6, "1"},
    {"2", "3", 0, 0, "1"},
    {"-1000.50", "7", 2, 6, "-142.93"},
    {"-1000.50", "7", 2, 0, "-142.93"},
    {"1E+20", "3", -18, 6, "3.3E+19"},
    {"1E+20", "3", -18, 0, "3.4E+19"},
    {"123456789012345678901234567890", "0.00000000000000000000987654321", 3, 6,
     "12499999887343749990158203123985522460950180969238.123"},
    {"123456789012345678901234567890", "0.00000000000000000000987654321", 3, 0,
     "12499999887343749990158203123985522460950180969238.123"},
    {"1", "1E+10", 5, 6, "0.00000"},
    {"1", "1E+10", 5, 0, "0.00001"},
    {"0.00", "3", 4, 6, "0.0000"},
    {"0.00", "3", 4, 0, "0.0000"},
    {"100", "8", -1, 6, "1E+1"},
    {"100", "8", -1, 0, "2E+1"},
};

TEST(Decimal, DividesAsJavaDoes) {
  for (const auto& row : kDivisions) {
    SCOPED_TRACE(fmt::format("{} / {}", row.dividend, row.divisor));
    auto quotient = dec(row.dividend).divide(dec(row.divisor), row.scale, static_cast<RoundingMode>(row.mode));
    ASSERT_TRUE(quotient);
    EXPECT_EQ(quotient->to_string(), row.quotient);
  }
  EXPECT_TRUE(Decimal(1).divide(dec("0.00"), 2, RoundingMode::kUp).error().is(NumberError::kDivisionByZero));
}

struct PrecisionRow {
  const char* text;
  std::size_t precision;
  const char* rounded;
};
constexpr PrecisionRow kPrecisions[] = {
    {"9.99", 2, "10"},       {"123.456", 4, "123.5"},
    {"123456", 2, "1.2E+5"}, {"0.000123456", 3, "0.000123"},
    {"1", 5, "1"},           {"999999999999999999999", 3, "1.00E+21"},
    {"0", 1, "0"},           {"12", 0, "12"},
};

TEST(Decimal, RoundsToSignificantDigits) {
  for (const auto& row : kPrecisions) {
    EXPECT_EQ(dec(row.text).round(row.precision, RoundingMode::kHalfUp)->to_string(), row.rounded) << row.text;
  }
}

TEST(Decimal, TellsValueFromRepresentation) {
  EXPECT_EQ(dec("1.0"), dec("1.00"));
  EXPECT_FALSE(dec("1.0").identical(dec("1.00")));
  EXPECT_EQ(std::hash<Decimal>()(dec("1.0")), std::hash<Decimal>()(dec("1.00")));
  EXPECT_EQ(std::unordered_set<Decimal>({dec("5"), dec("5.000"), dec("50E-1")}).size(), 1u);
  EXPECT_LT(dec("-1"), dec("0.5"));
  EXPECT_LT(dec("123456789012345678901234567890"), dec("1E+30"));
  EXPECT_GT(dec("1E-300"), dec("9E-301"));
  EXPECT_LT(dec("-1E-300"), dec("-9E-301"));
  EXPECT_EQ(dec("1E+40"), dec("10000000000000000000000000000000000000000.0"));
  EXPECT_EQ(dec("12.00").to_int64_exact(), 12);
  EXPECT_EQ(dec("12.5").to_int64_exact(), std::nullopt);
  EXPECT_EQ(dec("1E+19").to_int64_exact(), std::nullopt);
}

TEST(Decimal, IsSmall) {
  static_assert(sizeof(Decimal) <= 24);
}

TEST(Decimal, FormatsItself) {
  EXPECT_EQ(fmt::format("{:>8}|{}", dec("1.50"), BigInteger(-3)), "    1.50|-3");
}

// Against 128-bit integers: values as money has them, every operation, all scales brought to four places.
TEST(Decimal, AgreesWithWideIntegers) {
  std::mt19937_64 random(20240229);
  auto draw = [&] {
    int bits = static_cast<int>(random() % 50);
    auto unscaled = static_cast<std::int64_t>(random() & ((std::uint64_t{1} << bits) - 1));
    return Decimal(random() % 2 ? unscaled : -unscaled, static_cast<std::int32_t>(random() % 5));
  };
  auto at_scale_4 = [](const Decimal& value) {
    __int128 wide = *value.unscaled().to_int64();
    for (int i = value.scale(); i < 4; ++i) wide *= 10;
    return wide;
  };
  for (int i = 0; i < 20'000; ++i) {
    Decimal a = draw();
    Decimal b = draw();
    SCOPED_TRACE(fmt::format("{} {}", a, b));
    __int128 x = at_scale_4(a);
    __int128 y = at_scale_4(b);
    ASSERT_TRUE((a + b) == Decimal(BigInteger::from_int128(x + y), 4));
    ASSERT_TRUE((a - b) == Decimal(BigInteger::from_int128(x - y), 4));
    ASSERT_TRUE((a * b) == Decimal(BigInteger::from_int128(x * y), 8));
    ASSERT_EQ(a < b, x < y);
    ASSERT_EQ(a == b, x == y);
    ASSERT_TRUE(dec(a.to_string()).identical(a));
    if (y != 0) {
      __int128 quotient = x / y;
      ASSERT_TRUE(*a.divide(b, 0, RoundingMode::kDown) == Decimal(BigInteger::from_int128(quotient)));
      __int128 floor = quotient - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0);
      ASSERT_TRUE(*a.divide(b, 0, RoundingMode::kFloor) == Decimal(BigInteger::from_int128(floor)));
    }
  }
}

}  // namespace
}  // namespace sofa
