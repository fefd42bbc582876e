// A service as an application declares it: values, an enum, an exception, an interface. For sdk_unit.cc.
#pragma once

#include "sofa/sdk.h"

namespace shop {

enum class State { OPEN, PAID };
SOFA_JAVA_ENUM(State, "com.shop.State", OPEN, PAID);

struct Item {
  static constexpr auto java_class = "com.shop.Item";
  std::string sku;
  std::int32_t count = 0;
};

struct Order {
  static constexpr auto java_class = "com.shop.Order";
  std::string id;
  sofa::Decimal amount;
  std::optional<sofa::Date> due;
  std::vector<Item> items;
  std::optional<State> state;
};

struct OutOfStock : sofa::hessian::Exception<OutOfStock> {
  static constexpr auto java_class = "com.shop.OutOfStockException";
  std::optional<std::string> sku;
};
BOOST_DESCRIBE_STRUCT(OutOfStock, (sofa::hessian::Throwable), (sku))

class OrderService {
 public:
  using Throws = sofa::rpc::Throws<OutOfStock>;
  virtual ~OrderService() = default;
  virtual sofa::Task<Order> place(Order order) = 0;
  virtual sofa::Task<std::optional<Order>> find(std::string id) = 0;
  virtual sofa::Task<void> cancel(std::string id) = 0;
};

}  // namespace shop

SOFA_SERVICE(shop::OrderService, "com.shop.OrderService", place, find, cancel)
SOFA_SERVICE_EXTERN(shop::OrderService)
