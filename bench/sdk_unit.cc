// A unit that uses the whole SDK, for what it costs to compile: a service's declaration, its implementation, its
// server, its callers of every kind. The service's codecs are sdk_codecs.cc's.
#include "bench/sdk_service.h"

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
