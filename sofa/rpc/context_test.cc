#include "sofa/rpc/context.h"

#include <cstdio>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sofa/io/gate.h"
#include "sofa/io/posix/env.h"
#include "sofa/rpc/filter.h"
#include "sofa/wire/hessian/hessian.h"

namespace shop {

struct Item {
  static constexpr auto java_class = "com.shop.Item";
  std::string sku;
  std::int32_t count = 0;
  bool operator==(const Item&) const = default;
};

struct SoldOut : sofa::hessian::Exception<SoldOut> {
  static constexpr auto java_class = "com.shop.SoldOutException";
  std::optional<std::string> sku;
};
BOOST_DESCRIBE_STRUCT(SoldOut, (sofa::hessian::Throwable), (sku))

class ShopService {
 public:
  using Throws = sofa::rpc::Throws<SoldOut>;
  virtual ~ShopService() = default;
  virtual sofa::Task<Item> buy(Item item) = 0;
  virtual sofa::Task<void> note(std::string text) = 0;
  virtual sofa::Task<std::string> caller() = 0;
  virtual sofa::Task<std::string> kind(std::int32_t value) = 0;
  virtual sofa::Task<std::string> kind(std::string value) = 0;
};

}  // namespace shop

SOFA_SERVICE(shop::ShopService, "com.shop.ShopService", buy, note, caller,
             (kind, sofa::Task<std::string>(std::int32_t)), (kind, sofa::Task<std::string>(std::string)))

namespace shop {
namespace {

using namespace std::chrono_literals;

class Shop final : public ShopService {
 public:
  sofa::Task<Item> buy(Item item) override {
    if (item.count > 10) {
      SoldOut refusal;
      refusal.detail_message = "only ten";
      refusal.sku = item.sku;
      throw refusal;
    }
    return item;
  }
  sofa::Task<void> note(std::string text) override {
    noted_.set_value(text);
    return sofa::Task<>::ready();
  }
  sofa::Task<std::string> caller() override {
    sofa::CallContext& context = co_await sofa::context();
    co_await sofa::sleep(1ms);
    co_return context.peer() ? context.peer()->app.text() : "nobody";
  }
  sofa::Task<std::string> kind(std::int32_t value) override { return "int " + std::to_string(value); }
  sofa::Task<std::string> kind(std::string value) override { return "text " + value; }

  std::future<std::string> noted() { return noted_.get_future(); }

 private:
  std::promise<std::string> noted_;
};

/// A shop in one context, and callers in another that reach it over loopback.
class ContextTest : public testing::Test {
 protected:
  ContextTest() {
    server_.publish<ShopService>(shop_);
    url_ = "bolt://" + server_.listen("bolt://127.0.0.1:0").front().to_string();
  }

  std::shared_ptr<Shop> shop_ = std::make_shared<Shop>();
  sofa::Context server_{sofa::io::posix::env(), {.app = "shop", .shards = 2}};
  sofa::Context client_{sofa::io::posix::env(), {.app = "customer"}};
  std::string url_;
};

TEST_F(ContextTest, CallsTheSameLineHereAndThere) {
  for (auto* context : {&server_, &client_}) {
    auto shop = context->reference<ShopService>({.url = url_});
    EXPECT_EQ(context->wait(shop->buy({"tea", 2})), (Item{"tea", 2}));
    EXPECT_EQ(context->wait(shop->kind(5)), "int 5");
    EXPECT_EQ(context->wait(shop->kind("five")), "text five");
    try {
      context->wait(shop->buy({"tea", 11}));
      FAIL() << "no exception";
    } catch (const SoldOut& refusal) {
      EXPECT_EQ(refusal.sku, "tea");
      EXPECT_EQ(refusal.message(), "only ten");
    }
  }
}

TEST_F(ContextTest, TellsTheServiceWhoCalls) {
  auto shop = client_.reference<ShopService>({.url = url_});
  EXPECT_EQ(client_.wait(shop->caller()), "customer");
  EXPECT_EQ(server_.wait(server_.reference<ShopService>()->caller()), "nobody");
}

sofa::Task<sofa::Result<std::string>> give_up(sofa::rpc::Reference<ShopService> shop) {
  std::optional<sofa::Result<std::string>> result;
  sofa::Gate gate;
  (void)gate.spawn([](auto reference, auto& into) -> sofa::Task<> {
    into = co_await sofa::as_result(reference->caller());
  }(shop, result));
  gate.cancel();
  co_await gate.close();
  co_return *result;
}

/// Counts calls, and refuses those of `note`.
class Till final : public sofa::rpc::Filter {
 public:
  explicit Till(int& rung) : rung_(rung) {}
  sofa::Task<void> invoke(sofa::rpc::Invocation& call, sofa::rpc::Next next) override {
    ++rung_;
    if (call.method.name == "note") return sofa::fail(sofa::rpc::Code::kClientFilter, "the till is closed");
    return next(call);
  }

 private:
  int& rung_;
};

TEST_F(ContextTest, FiltersSeeCallsInTheProcessWhereThatIsAskedFor) {
  int rung = 0;
  sofa::rpc::register_filter(
      {.name = "till", .side = sofa::rpc::Side::kConsumer, .make = [&rung] { return std::make_shared<Till>(rung); }});
  const auto plain = server_.reference<ShopService>({.filters = {"till"}});
  EXPECT_EQ(server_.wait(plain->buy({"tea", 2})), (Item{"tea", 2}));
  EXPECT_EQ(rung, 0);
  const auto filtered = server_.reference<ShopService>({.filter_in_process = true, .filters = {"till"}});
  EXPECT_EQ(server_.wait(filtered->buy({"tea", 2})), (Item{"tea", 2}));
  EXPECT_EQ(server_.wait(filtered->kind("five")), "text five");
  EXPECT_EQ(server_.wait(filtered->caller()), "nobody");
  EXPECT_THROW(server_.wait(filtered->buy({"tea", 11})), SoldOut);
  EXPECT_EQ(rung, 4);
  EXPECT_THROW(server_.wait(filtered->note("never")), sofa::Error);
  EXPECT_EQ(rung, 5);
}

TEST_F(ContextTest, FiltersSeeCallsThatWaitedForTheirService) {
  int rung = 0;
  sofa::rpc::register_filter({.name = "counter", .side = sofa::rpc::Side::kConsumer, .make = [&rung] {
                                return std::make_shared<Till>(rung);
                              }});
  for (const bool filtered : {false, true}) {
    const auto late = client_.reference<ShopService>(
        {.filter_in_process = filtered, .required = false, .wait = 5s, .filters = {"counter"}});
    auto answer = client_.as_future(late->buy({"tea", 2}));
    client_.publish<ShopService>(std::make_shared<Shop>(), {.bindings = {}});
    EXPECT_EQ(answer.get(), (Item{"tea", 2}));
    client_.unpublish<ShopService>();
  }
  EXPECT_EQ(rung, 1);
}

TEST_F(ContextTest, GivesUpACallWhoseContextWasCancelled) {
  auto shop = client_.reference<ShopService>({.url = url_});
  client_.wait(shop->kind(1));  // the connection stands
  auto result = client_.wait(give_up(shop));
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(sofa::io::IoError::kCancelled)) << result.error().what();
}

TEST_F(ContextTest, SendsOnewayCallsWithoutWaiting) {
  auto noted = shop_->noted();
  client_.wait(client_.reference<ShopService>({.url = url_}).oneway()->note("hello"));
  ASSERT_EQ(noted.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(noted.get(), "hello");
}

TEST_F(ContextTest, AnswersFuturesAndCallbacks) {
  auto shop = client_.reference<ShopService>({.url = url_});
  auto first = client_.as_future(shop->kind(1));
  auto second = client_.as_future(shop->buy({"tea", 12}));
  EXPECT_EQ(*first.get(), "int 1");
  auto refused = second.get();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().thrown());
  EXPECT_THROW(refused.error().raise(), SoldOut);

  std::promise<sofa::Result<std::string>> told;
  client_.on_result(shop->kind(2), [&](sofa::Result<std::string> result) { told.set_value(std::move(result)); });
  EXPECT_EQ(*told.get_future().get(), "int 2");
}

TEST_F(ContextTest, CallsByNameWithValues) {
  auto shop = client_.generic("com.shop.ShopService", {.url = url_});
  sofa::hessian::Value item = sofa::hessian::Value::object("com.shop.Item").set("sku", "tea").set("count", 3);
  EXPECT_EQ(client_.wait(shop.invoke("buy", {item}))["count"].as_int(), 3);
  EXPECT_EQ(client_.wait(shop.invoke("kind", {5})).as_string(), "int 5");
  EXPECT_EQ(client_.wait(shop.invoke("kind", {"5"})).as_string(), "text 5");
  try {
    client_.wait(shop.invoke("buy", {item.set("count", 30)}));
    FAIL() << "no exception";
  } catch (const sofa::hessian::RemoteException& thrown) {
    EXPECT_EQ(thrown.class_name, "com.shop.SoldOutException");
    EXPECT_EQ(thrown.message(), "only ten");
  }
}

TEST_F(ContextTest, RunsBlockingServicesOnWorkers) {
  class Slow final : public ShopService {
   public:
    sofa::Task<Item> buy(Item item) override {
      if (sofa::io::Shard::current()) throw std::logic_error("on a shard");
      return item;
    }
    sofa::Task<void> note(std::string) override { return sofa::Task<>::ready(); }
    sofa::Task<std::string> caller() override { co_return (co_await sofa::context()).peer()->app; }
    sofa::Task<std::string> kind(std::int32_t) override { throw std::runtime_error("plain"); }
    sofa::Task<std::string> kind(std::string) override { return ""; }
  };
  server_.publish<ShopService>(std::make_shared<Slow>(), {.unique_id = "slow", .blocking = true});
  auto shop = client_.reference<ShopService>({.unique_id = "slow", .url = url_});
  EXPECT_EQ(client_.wait(shop->buy({"tea", 20})), (Item{"tea", 20}));
  EXPECT_EQ(client_.wait(shop->caller()), "customer");
  EXPECT_THROW(client_.wait(shop->kind(1)), std::exception);
}

TEST_F(ContextTest, ServicesHaveWorkerPoolsOfTheirOwn) {
  sofa::Context server(sofa::io::posix::env(), {.app = "shop", .pools = {{"tills", {.threads = 1, .queue = 1}}}});
  class OnTills final : public ShopService {
   public:
    sofa::Task<Item> buy(Item item) override { return item; }
    sofa::Task<void> note(std::string) override { return sofa::Task<>::ready(); }
    sofa::Task<std::string> caller() override {
      char name[16] = {};
      pthread_getname_np(pthread_self(), name, sizeof(name));
      return std::string(name);
    }
    sofa::Task<std::string> kind(std::int32_t) override { return ""; }
    sofa::Task<std::string> kind(std::string) override { return ""; }
  };
  server.publish<ShopService>(std::make_shared<OnTills>(), {.pool = "tills"});
  const std::string url = "bolt://" + server.listen("bolt://127.0.0.1:0").front().to_string();
  EXPECT_EQ(client_.wait(client_.reference<ShopService>({.url = url})->caller()), "tills-0");
  try {
    server.publish<ShopService>(std::make_shared<OnTills>(), {.unique_id = "x", .pool = "tils"});
    FAIL() << "no error";
  } catch (const sofa::Error& error) {
    EXPECT_NE(error.message().find("no worker pool 'tils': `pools` of the configuration has tills"), std::string::npos)
        << error.what();
  }
}

TEST_F(ContextTest, OptionsOfAMethodThatIsNotThereAreRefused) {
  try {
    server_.publish<ShopService>(std::make_shared<Shop>(),
                                 {.unique_id = "x", .methods = {{"sell", {.max_concurrent = 1}}}});
    FAIL() << "no error";
  } catch (const sofa::Error& error) {
    EXPECT_NE(error.message().find("com.shop.ShopService has no method 'sell'"), std::string::npos) << error.what();
  }
}

TEST_F(ContextTest, ExchangesAndTakesAwayServices) {
  auto shop = client_.reference<ShopService>({.url = url_});
  server_.publish<ShopService>(std::make_shared<Shop>());
  EXPECT_EQ(client_.wait(shop->kind(1)), "int 1");
  server_.unpublish<ShopService>();
  try {
    client_.wait(shop->kind(1));
    FAIL() << "no error";
  } catch (const sofa::Error& error) {
    EXPECT_NE(error.message().find("RPC-020100010"), std::string::npos) << error.what();
  }
  EXPECT_THROW(server_.wait(server_.reference<ShopService>()->kind(1)), sofa::Error);
}

TEST_F(ContextTest, SaysWhereItCouldNotConnect) {
  auto nobody = client_.reference<ShopService>({.url = "bolt://127.0.0.1:1"});
  auto refused = client_.as_future(nobody->kind(1)).get();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(sofa::rpc::Code::kClientNetwork)) << refused.error().what();
  EXPECT_NE(refused.error().message().find("127.0.0.1:1"), std::string::npos) << refused.error().what();
  EXPECT_THROW((void)client_.reference<ShopService>({.url = "http://x"}), sofa::Error);
}

TEST_F(ContextTest, RefusesToCallOnAnotherContextsShard) {
  auto shop = client_.reference<ShopService>({.url = url_});
  auto refused = server_.as_future(shop->kind(1)).get();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(sofa::rpc::Code::kClientCallType)) << refused.error().what();
}

TEST_F(ContextTest, CallsOverAUnixSocket) {
  const std::string path = "/tmp/sofa-context-test-" + std::to_string(getpid()) + ".sock";
  server_.listen("bolt://unix:" + path);
  EXPECT_EQ(client_.wait(client_.reference<ShopService>({.url = "bolt://unix:" + path})->kind(4)), "int 4");
  std::remove(path.c_str());
}

TEST_F(ContextTest, StopsWithNothingLeft) {
  auto shop = client_.reference<ShopService>({.url = url_});
  client_.wait(shop->kind(1));
  EXPECT_EQ(server_.figures().connections, 1u);
  server_.stop(5s);
  EXPECT_EQ(server_.figures().connections, 0u);
  EXPECT_EQ(server_.figures().in_flight, 0u);
  EXPECT_FALSE(client_.as_future(shop->kind(1)).get());
}

}  // namespace
}  // namespace shop
