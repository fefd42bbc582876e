#include "sofa/base/date.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace sofa {
namespace {

TEST(Date, WritesAMoment) {
  EXPECT_EQ(Date{0}.to_string(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Date{-1}.to_string(), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(Date{1709209800250}.to_string(), "2024-02-29T12:30:00.250Z");
  EXPECT_EQ(Date{-62167219200000}.to_string(), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(Date{-62167219200001}.to_string(), "-0001-12-31T23:59:59.999Z");
  EXPECT_EQ(Date{253402300800000}.to_string(), "+10000-01-01T00:00:00.000Z");
}

TEST(Date, WritesTheFarthestMoments) {
  // Instant.ofEpochMilli(Long.MAX_VALUE) and MIN_VALUE of OpenJDK 17.
  EXPECT_EQ(Date{std::numeric_limits<std::int64_t>::max()}.to_string(), "+292278994-08-17T07:12:55.807Z");
  EXPECT_EQ(Date{std::numeric_limits<std::int64_t>::min()}.to_string(), "-292275055-05-16T16:47:04.192Z");
}

TEST(Date, ReadsIsoForms) {
  const Date noon{1709209800250};
  for (const char* text : {"2024-02-29T12:30:00.250Z", "2024-02-29 12:30:00.25", "2024-02-29T20:30:00.250+08:00",
                           "2024-02-29T07:00:00.250-0530", "2024-02-29T12:30:00.250999999Z"}) {
    EXPECT_EQ(Date::parse(text).value(), noon) << text;
  }
  EXPECT_EQ(Date::parse("2024-02-29").value(), Date{1709164800000});
  EXPECT_EQ(Date::parse("2024-02-29T12:30").value(), Date{1709209800000});
}

TEST(Date, RefusesTheRest) {
  for (const char* text :
       {"", "2024", "2024-2-9", "2023-02-29", "2024-13-01", "2024-02-29T", "2024-02-29T24:00", "2024-02-29T12:60",
        "2024-02-29T12:30:60", "2024-02-29T12:30:00.", "2024-02-29T12:30:00,5", "2024-02-29T12:30:00ZZ",
        "2024-02-29T12:30+8", "2024-02-29T12:30+19:00", "2024-02-29x", "-024-02-29", "+2024-02-29"}) {
    auto parsed = Date::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_TRUE(parsed.error().is(DateError::kMalformed));
  }
}

TEST(Date, ReadsWhatItWrites) {
  std::mt19937_64 random(366);
  for (int i = 0; i < 5000; ++i) {
    Date date{static_cast<std::int64_t>(random() % 315569520000000) - 62167219200000};
    ASSERT_EQ(Date::parse(date.to_string()).value(), date) << date;
  }
}

TEST(Date, IsATimePoint) {
  using namespace std::chrono_literals;
  Date date = Date::from(Date::Time(1500ms));
  EXPECT_EQ(date.milliseconds, 1500);
  EXPECT_EQ(date.time().time_since_epoch(), 1500ms);
  EXPECT_LT(date, Date::from(date.time() + 1ms));
}

}  // namespace
}  // namespace sofa
