#include "sofa/base/reflect.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa {
namespace {

using testing::ElementsAre;

struct Transfer {
  static constexpr auto java_class = "com.example.Transfer";
  std::string tx_id;
  std::string from_account;
  std::int64_t amount = 0;
  std::optional<std::vector<std::string>> notes;
};

struct Renamed {
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"type_code", "TYPE"}, {"b", "bb"}};
  int type_code = 0;
  int a_field = 0;
  int b = 0;
  int class_ = 0;
};

struct Empty {};

template <class T>
struct Page {
  T first_item;
  bool more_left = false;
};

struct Party {
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"party_id", "pid"}};
  std::string party_id;
  int risk_class = 0;
};
BOOST_DESCRIBE_STRUCT(Party, (), (party_id, risk_class))
struct Customer : Party {
  std::string full_name;
};
BOOST_DESCRIBE_STRUCT(Customer, (Party), (full_name))
struct Vip : Customer {
  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"risk_class", "rc"}};
  int gold_level = 0;
};
BOOST_DESCRIBE_STRUCT(Vip, (Customer), (gold_level))

TEST(Reflect, NamesTheFieldsOfAnAggregate) {
  static_assert(reflect::field_count<Transfer> == 4, "a static member is no field");
  EXPECT_STREQ(Transfer::java_class, "com.example.Transfer");
  EXPECT_THAT(reflect::field_names<Transfer>, ElementsAre("tx_id", "from_account", "amount", "notes"));
  EXPECT_THAT(reflect::wire_names<Transfer>, ElementsAre("txId", "fromAccount", "amount", "notes"));
  EXPECT_THAT(reflect::wire_names<const Transfer>, ElementsAre("txId", "fromAccount", "amount", "notes"));
  static_assert(std::is_same_v<reflect::field_type<Transfer, 2>, std::int64_t>);
  static_assert(reflect::wire_names<Transfer>[1] == "fromAccount", "usable at compile time");
}

TEST(Reflect, ReadsTemplatesAndEmptyTypes) {
  EXPECT_THAT(reflect::field_names<Page<Transfer>>, ElementsAre("first_item", "more_left"));
  EXPECT_THAT(reflect::wire_names<Page<std::vector<int>>>, ElementsAre("firstItem", "moreLeft"));
  static_assert(reflect::field_count<Empty> == 0);
  Empty empty;
  reflect::for_each_field(empty, [](auto, auto, auto&) { FAIL(); });
}

TEST(Reflect, ATableOverridesTheRule) {
  EXPECT_THAT(reflect::field_names<Renamed>, ElementsAre("type_code", "a_field", "b", "class_"));
  EXPECT_THAT(reflect::wire_names<Renamed>, ElementsAre("TYPE", "aField", "bb", "class"));
}

TEST(Reflect, PutsOwnFieldsBeforeThoseOfTheBases) {
  EXPECT_THAT(reflect::field_names<Customer>, ElementsAre("full_name", "party_id", "risk_class"));
  EXPECT_THAT(reflect::wire_names<Customer>, ElementsAre("fullName", "pid", "riskClass"));
  EXPECT_THAT(reflect::wire_names<Vip>, ElementsAre("goldLevel", "fullName", "pid", "rc"));
}

TEST(Reflect, WalksValuesForReadingAndWriting) {
  Vip vip;
  reflect::for_each_field(vip, [](auto index, std::string_view name, auto& value) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string>) {
      value = std::string(name) + "!";
    } else {
      value = static_cast<int>(index.value) + 10;
    }
  });
  EXPECT_EQ(vip.gold_level, 10);
  EXPECT_EQ(vip.full_name, "full_name!");
  EXPECT_EQ(vip.party_id, "party_id!");
  EXPECT_EQ(vip.risk_class, 13);

  const Transfer transfer{.tx_id = "t1", .from_account = "a", .amount = 7, .notes = {}};
  int seen = 0;
  reflect::for_each_field(transfer, [&](auto, std::string_view, auto& value) {
    static_assert(std::is_const_v<std::remove_reference_t<decltype(value)>>);
    ++seen;
  });
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(&reflect::get<2>(transfer), &transfer.amount);
}

TEST(Reflect, FindsAFieldByPosition) {
  Transfer transfer;
  EXPECT_TRUE(reflect::with_field(transfer, 2, [&](auto index, auto& value) {
    EXPECT_EQ(index, 2u);
    EXPECT_EQ(static_cast<const void*>(&value), &transfer.amount);
  }));
  EXPECT_FALSE(reflect::with_field(transfer, 4, [](auto, auto&) { FAIL(); }));
}

TEST(Reflect, KnowsWhatItCanWalk) {
  static_assert(reflect::Reflectable<Transfer> && reflect::Reflectable<Vip> && reflect::Reflectable<Empty>);
  static_assert(!reflect::Reflectable<std::string> && !reflect::Reflectable<int> && !reflect::Reflectable<int[3]>);
  static_assert(!reflect::Reflectable<std::array<int, 3>> && !reflect::Reflectable<std::optional<int>>);
}

TEST(Reflect, TurnsSnakeCaseIntoCamelCase) {
  EXPECT_EQ(reflect::camel_case<"get_balance">, "getBalance");
  EXPECT_EQ(reflect::camel_case<"transfer">, "transfer");
  EXPECT_EQ(reflect::camel_case<"alreadyCamel">, "alreadyCamel");
  EXPECT_EQ(reflect::camel_case<"line_2_of_9x">, "line2Of9x");
  EXPECT_EQ(reflect::camel_case<"default_">, "default");
  EXPECT_EQ(reflect::camel_case<"_id_of">, "_idOf");
  EXPECT_EQ(reflect::camel_case<"a__b">, "aB");
}

}  // namespace
}  // namespace sofa
