#include "sofa/wire/hessian/value.h"

#include <gtest/gtest.h>

namespace sofa::hessian {
namespace {

Value again(const Value& value) {
  const auto values = read_values(write_values(std::vector{value}));
  EXPECT_TRUE(values) << values.error().what();
  return values && !values->empty() ? values->front() : Value();
}

TEST(Value, IsBuiltAndReadByHand) {
  const Value leg = Value::object("dev.sofa.bank.Leg").set("account", "x").set("sequence", 1).set("account", "y");
  EXPECT_EQ(leg.class_name(), "dev.sofa.bank.Leg");
  EXPECT_EQ(leg["account"].as_string(), "y");
  EXPECT_EQ(leg["sequence"].as_int(), 1);
  EXPECT_TRUE(leg["absent"].is_null());
  EXPECT_EQ(leg.size(), 2U);
  const Value map = Value::map().put("k", Value::list({1, 2.5, "t", nullptr})).put(7, true);
  EXPECT_EQ(map["k"].at(1).as_double(), 2.5);
  EXPECT_EQ(map.key(1).as_int(), 7);
  EXPECT_EQ(again(leg), leg);
  EXPECT_EQ(again(map), map);
}

TEST(Value, QuestionsThatDoNotFitGiveNothing) {
  const Value number = 5;
  EXPECT_EQ(number.as_string(), "");
  EXPECT_EQ(number.size(), 0U);
  EXPECT_TRUE(number["x"].is_null());
  EXPECT_TRUE(number.at(0).is_null());
  EXPECT_EQ(Value("x").as_int(), 0);
  EXPECT_EQ(Value(2.9).as_int(), 2);
  EXPECT_EQ(Value(1e300).as_int(), 0);
  EXPECT_TRUE(Value("x").as_binary().empty());
}

TEST(Value, CopiesOfAHandleAreTheSameList) {
  Value list = Value::list();
  Value same = list;
  same.push(1);
  EXPECT_EQ(list.size(), 1U);
  EXPECT_TRUE(list.same(same));
  Value outer = Value::list();
  outer.push(list);
  list.push(2);  // what went into another graph was copied
  EXPECT_EQ(outer.at(0).size(), 1U);
}

TEST(Value, CyclesAndSharedPartsComeBackAsSuch) {
  Value self = Value::list();
  self.push(self).push(Value::map());
  self.push(self.at(1));
  const Value back = again(self);
  EXPECT_TRUE(back.at(0).same(back));
  EXPECT_TRUE(back.at(1).same(back.at(2)));
  EXPECT_EQ(back, self);
  Value copy = Value::list();
  copy.push(self);
  EXPECT_TRUE(copy.at(0).at(0).same(copy.at(0)));
}

TEST(Value, EqualityLooksAtEverything) {
  const auto leg = [] { return Value::object("a.B").set("f", Value::list({1})); };
  EXPECT_EQ(leg(), leg());
  EXPECT_FALSE(leg() == Value::object("a.C").set("f", Value::list({1})));
  EXPECT_FALSE(leg() == Value::object("a.B").set("g", Value::list({1})));
  EXPECT_FALSE(leg() == Value::object("a.B").set("f", Value::list({2})));
  EXPECT_FALSE(leg() == Value::object("a.B").set("f", Value::list({std::int64_t{1}})));
  EXPECT_FALSE(leg() == Value::object("a.B").set("f", Value::list({1}, "t")));
  Value variable = Value::list({1});
  variable.set_variable(true);
  EXPECT_FALSE(variable == Value::list({1}));
  EXPECT_EQ(again(variable), variable);
}

TEST(Value, FieldsAddedToOneObjectDoNotShowInItsSiblings) {
  Value list = read_values(write_values(std::vector{Value::list({Value::object("a.B").set("f", 1)})}))->front();
  const Bytes twice = write_values(std::vector{Value::object("a.B").set("f", 1), Value::object("a.B").set("f", 2)});
  auto values = *read_values(twice);
  values[0].set("g", 3);
  EXPECT_EQ(values[1].size(), 1U);
  EXPECT_EQ(values[0]["g"].as_int(), 3);
  const auto back = *read_values(write_values(values));
  EXPECT_EQ(back[0]["g"].as_int(), 3);
  EXPECT_EQ(back[1].size(), 1U);
  EXPECT_EQ(list.at(0)["f"].as_int(), 1);
}

TEST(Value, NamesBeyondAsciiSurvive) {
  const Value value = Value::object("包.\xf0\x9f\x98\x80").set("字段", Value::map("类型\xf0\x9f\x98\x80"));
  const Bytes bytes = write_values(std::vector{value});
  EXPECT_EQ(write_values(*read_values(bytes)), bytes);
}

}  // namespace
}  // namespace sofa::hessian
