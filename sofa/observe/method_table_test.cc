#include "sofa/observe/method_table.h"

#include <array>

#include <gtest/gtest.h>

namespace sofa::observe {
namespace {

constexpr std::array<std::string_view, 2> kEcho = {"echo", "slowEcho"};
constexpr std::array<std::string_view, 1> kOne = {"transfer"};

TEST(MethodTable, NumbersMethodsByTheirIndex) {
  MethodTable table;
  const MethodRange server = table.add(Side::kServer, "a.Echo:1.0", kEcho);
  const MethodRange client = table.add(Side::kClient, "a.Echo:1.0", kEcho);
  EXPECT_NE(server[0], server[1]);
  EXPECT_NE(server[0], client[0]);
  EXPECT_EQ(table.name(Side::kServer, server[1]).method, "slowEcho");
  EXPECT_EQ(table.name(Side::kServer, client[0]).side, Side::kClient);
  EXPECT_EQ(server[2], kOtherMethod);
  EXPECT_EQ(server[-1], kOtherMethod);
}

TEST(MethodTable, KeepsTheNumbersOfAServiceThatComesAgain) {
  MethodTable table;
  const MethodRange first = table.add(Side::kServer, "a.Echo:1.0", kEcho);
  (void)table.add(Side::kServer, "a.Account:1.0", kOne);
  EXPECT_EQ(table.add(Side::kServer, "a.Echo:1.0", kEcho)[1], first[1]);
  EXPECT_NE(table.add(Side::kServer, "a.Echo:1.0", kOne)[0], first[0]);
}

TEST(MethodTable, CountsWhatIsBeyondItsCapacityAsOther) {
  MethodTable table(3);
  EXPECT_NE(table.add(Side::kServer, "a.Echo:1.0", kEcho)[0], kOtherMethod);
  EXPECT_EQ(table.add(Side::kServer, "b.Echo:1.0", kEcho)[0], kOtherMethod);
  EXPECT_NE(table.add(Side::kServer, "a.Account:1.0", kOne)[0], kOtherMethod);
  EXPECT_EQ(table.refused(), 2U);
  EXPECT_EQ(table.name(Side::kClient, kOtherMethod).service, "other");
  EXPECT_EQ(table.name(Side::kClient, 99).side, Side::kClient);
}

}  // namespace
}  // namespace sofa::observe
