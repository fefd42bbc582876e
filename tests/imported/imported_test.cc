// What `sofa import` made of a facade: that it compiles, and carries what Java carries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/imported/order_service.h"

namespace sofa {
namespace {

using ::testing::ElementsAre;

/// The names of an object's fields, in the order of the wire.
std::vector<std::string> fields_of(const Bytes& bytes) {
  const auto value = hessian::from_bytes<hessian::Value>(bytes);
  std::vector<std::string> names;
  if (!value) return names;
  for (std::size_t i = 0; i < value->size(); ++i) names.emplace_back(value->field_name(i));
  return names;
}

TEST(Imported, WritesFieldsInJavasOrder) {
  shop::VipCustomer customer;
  customer.name = "x";
  customer.level = u'A';
  // Primitive and java.lang types first, the class's own before its parent's.
  EXPECT_THAT(fields_of(hessian::to_bytes(customer)), ElementsAre("level", "name", "since"));
}

TEST(Imported, CarriesGenericsAndChoices) {
  shop::Page<shop::Order> page;
  shop::Order order;
  order.id = "o-1";
  shop::VipCustomer vip;
  vip.name = "vip";
  order.buyer = vip;
  order.lines = {{.price = *Decimal::parse("1.50"), .quantity = 2, .sku = "a"}};
  page.items = {order, order};
  page.total = 2;
  const auto back = hessian::from_bytes<shop::Page<shop::Order>>(hessian::to_bytes(page));
  ASSERT_TRUE(back) << back.error().message();
  ASSERT_EQ(back->items->size(), 2U);
  EXPECT_EQ(std::get<shop::VipCustomer>(*back->items->at(1).buyer).name, "vip");
  EXPECT_EQ(back->items->at(1).lines->at(0).quantity, 2);

  shop::Filter filter = std::make_shared<shop::And>();
  std::get<0>(filter)->parts = {std::make_shared<shop::Named>()};
  const auto filter_back = hessian::from_bytes<shop::Filter>(hessian::to_bytes(filter));
  ASSERT_TRUE(filter_back) << filter_back.error().message();
  EXPECT_EQ(std::get<0>(*filter_back)->parts->size(), 1U);
}

TEST(Imported, FindsOverloadsByWhatJavaDeclares) {
  std::vector<std::string> notes;
  for (const rpc::Method& method : rpc::ServiceCode<shop::OrderService>::interface().methods) {
    if (method.name == "note") notes.emplace_back(method.signatures[1]);
    if (method.name == "save") EXPECT_EQ(method.signatures[0], "java.lang.Object");
    if (method.name == "all") EXPECT_EQ(method.signatures[0], "java.util.Collection");
  }
  EXPECT_THAT(notes, ElementsAre("int", "java.lang.Integer", "[Ljava.lang.String;"));
}

TEST(Imported, FindsMethodsThatTakeAChoiceByTheClassThatJavaDeclares) {
  std::vector<std::string> declared;
  for (const rpc::Method& method : rpc::ServiceCode<shop::OrderService>::interface().methods) {
    if (method.name == "pay" || method.name == "board") declared.emplace_back(method.signatures[1]);
    if (method.name == "register" || method.name == "keep") declared.emplace_back(method.signatures[0]);
  }
  EXPECT_THAT(declared, ElementsAre("dev.sofa.shop.Payment", "dev.sofa.shop.Customer", "[Ldev.sofa.shop.Payment;",
                                    "dev.sofa.shop.Entity"));
}

}  // namespace
}  // namespace sofa
