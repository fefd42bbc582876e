// A unit that uses the whole SDK, for what it costs to compile: values, an enum, an exception, a service, its server,
// its callers of every kind.
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

namespace shop {

class Orders final : public OrderService {
 public:
  sofa::Task<Order> place(Order order) override {
    if (order.items.empty()) throw OutOfStock();
    order.state = State::OPEN;
    return order;
  }
  sofa::Task<std::optional<Order>> find(std::string) override { return std::optional<Order>(); }
  sofa::Task<void> cancel(std::string) override { return sofa::Task<>::ready(); }
};

sofa::Task<sofa::Decimal> buy(sofa::rpc::Reference<OrderService> orders) {
  Order order;
  order.id = "o-1";
  order.items = {{.sku = "tea", .count = 2}};
  auto placed = co_await sofa::as_result(orders->place(std::move(order)));
  if (!placed) co_return sofa::Decimal();
  co_await orders.oneway()->cancel(placed->id);
  co_return placed->amount;
}

sofa::Decimal trade(sofa::io::Env& env) {
  sofa::Context context(env, {.app = "shop"});
  context.publish<OrderService>(std::make_shared<Orders>());
  context.listen("bolt://127.0.0.1:0");
  auto any = context.generic("com.shop.OrderService", {.url = "bolt://127.0.0.1:12200"});
  context.wait(any.invoke("cancel", {"o-1"}));
  return context.wait(buy(context.reference<OrderService>()));
}

}  // namespace shop
