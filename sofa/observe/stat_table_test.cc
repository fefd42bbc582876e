#include "sofa/observe/stat_table.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

const StatTable::Row* find(const StatTable& table, MethodId method, std::string_view app, bool success) {
  for (const StatTable::Row& row : table.rows()) {
    if (row.method == method && row.remote_app.view() == app && row.success == success) return &row;
  }
  return nullptr;
}

TEST(StatTable, SumsByMethodApplicationAndSuccess) {
  StatTable table;
  table.add(Side::kServer, 1, "front", true, 2ms);
  table.add(Side::kServer, 1, "front", true, 3ms);
  table.add(Side::kServer, 1, "front", false, 1ms);
  table.add(Side::kServer, 1, "", true, 1ms);
  table.add(Side::kClient, 1, "front", true, 1ms);
  table.add(Side::kServer, 2, "front", true, -5ns);
  ASSERT_EQ(table.rows().size(), 5U);
  EXPECT_EQ(find(table, 1, "front", true)->calls.value(), 2U);
  EXPECT_EQ(find(table, 1, "front", true)->nanoseconds.value(), 5'000'000U);
  EXPECT_EQ(find(table, 1, "front", false)->calls.value(), 1U);
  EXPECT_EQ(find(table, 2, "front", true)->nanoseconds.value(), 0U);
}

TEST(StatTable, CountsEveryCallHoweverManyApplicationsThereAre) {
  for (const std::size_t capacity : {8U, 32U, 256U}) {
    StatTable table(capacity);
    constexpr std::uint64_t kCalls = 10'000;
    for (std::uint64_t i = 0; i < kCalls; ++i) {
      table.add(i % 2 == 0 ? Side::kServer : Side::kClient, static_cast<MethodId>(1 + i % 7),
                "app-" + std::to_string(i), i % 3 != 0, 1us);
    }
    std::uint64_t calls = 0;
    for (const StatTable::Row& row : table.rows()) calls += row.calls.value();
    EXPECT_EQ(calls, kCalls);
    EXPECT_LE(table.rows().size(), capacity);
    // Where there is room, the method is still told.
    const StatTable::Row* other = find(table, capacity == 256 ? 3 : kOtherMethod, "other", true);
    ASSERT_TRUE(other) << capacity;
    EXPECT_GT(other->calls.value(), 100U) << capacity;
  }
}

TEST(StatTable, CutsLongNamesInOnePlace) {
  StatTable table;
  table.add(Side::kServer, 1, std::string(100, 'a'), true, 1ms);
  table.add(Side::kServer, 1, std::string(101, 'a'), true, 1ms);
  EXPECT_EQ(table.rows().size(), 1U);
}

}  // namespace
}  // namespace sofa::observe
