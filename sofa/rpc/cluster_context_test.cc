// Whole contexts over loopback that find each other through a registry, which is a file here: providers come and go,
// callers notice and lose nothing.
#include <atomic>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/rpc/address_source.h"
#include "sofa/rpc/context.h"
#include "sofa/rpc/filter.h"
#include "sofa/rpc/router.h"
#include "sofa/wire/hessian/hessian.h"

namespace till {

class TillService {
 public:
  static constexpr std::string_view idempotent[] = {"name"};
  virtual ~TillService() = default;
  virtual sofa::Task<std::string> name(std::string account) = 0;
  virtual sofa::Task<std::string> seen() = 0;
};

}  // namespace till

SOFA_SERVICE(till::TillService, "com.till.TillService", name, seen)

namespace till {
namespace {

using namespace std::chrono_literals;
namespace rpc = sofa::rpc;

class Till final : public TillService {
 public:
  explicit Till(std::string name) : name_(std::move(name)) {}
  sofa::Task<std::string> name(std::string) override { return name_; }
  /// The keys of the baggage, in order.
  sofa::Task<std::string> seen() override {
    sofa::CallContext& context = co_await sofa::context();
    std::string keys;
    for (const auto& [key, value] : context.baggage()) keys += key;
    co_return keys;
  }

 private:
  const std::string name_;
};

/// A registry that is a file of this test's own.
class ClusterContextTest : public testing::Test {
 protected:
  ClusterContextTest()
      : path_(std::filesystem::temp_directory_path() /
              ("sofa-cluster-" + std::to_string(getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name() + ".json")),
        registry_("file://" + path_.string() + "?interval_ms=50") {
    std::filesystem::remove(path_);
  }
  ~ClusterContextTest() override { std::filesystem::remove(path_); }

  std::unique_ptr<sofa::Context> provider(const std::string& name, sofa::PublishOptions options = {}) {
    auto context = std::make_unique<sofa::Context>(sofa::io::posix::env(),
                                                   sofa::ContextConfig{.app = name, .registry = registry_});
    context->publish<TillService>(std::make_shared<Till>(name), std::move(options));
    address_ = context->listen("bolt://127.0.0.1:0").front().to_string();
    return context;
  }
  std::unique_ptr<sofa::Context> caller() {
    return std::make_unique<sofa::Context>(sofa::io::posix::env(),
                                           sofa::ContextConfig{.app = "caller", .registry = registry_});
  }

  const std::filesystem::path path_;
  const std::string registry_;
  std::string address_;  // of the provider that was made last
};

TEST_F(ClusterContextTest, FindsProvidersAndFollowsThem) {
  const auto customer = caller();
  const auto till = customer->reference<TillService>({.cluster = {.load_balancer = "roundRobin"}});
  auto one = provider("one");
  EXPECT_EQ(customer->wait(till->name("alice")), "one");
  const auto two = provider("two");
  // Both answer as soon as the caller has heard of the second; until then every call finds the first.
  std::string last;
  for (int i = 0; i < 100'000 && last != "two"; ++i) last = customer->wait(till->name("alice"));
  EXPECT_EQ(last, "two");
  // It unpublishes, answers what still comes, and only then goes: no call is lost.
  std::atomic<bool> stopped = false;
  std::thread stopping([&] {
    one->stop(5s);
    stopped = true;
  });
  while (!stopped) EXPECT_NO_THROW(customer->wait(till->name("alice")));
  stopping.join();
  EXPECT_EQ(customer->wait(till->name("alice")), "two");
}

/// A registry that takes publications and never lets one go.
class DeafRegistry final : public rpc::AddressSource {
 public:
  sofa::Task<void> publish(rpc::Publication) override { return sofa::Task<void>::ready(); }
  sofa::Task<void> unpublish(rpc::Publication) override { co_await sofa::sleep(1h); }
  std::unique_ptr<Watch> watch(const rpc::ServiceKey&, Changed) override { return nullptr; }
};

TEST_F(ClusterContextTest, ADeafRegistryDoesNotTakeTheTimeOfAStop) {
  rpc::register_address_source("deaf", [](std::string_view, rpc::SourceEnvironment) {
    return sofa::Result<std::shared_ptr<rpc::AddressSource>>(std::make_shared<DeafRegistry>());
  });
  sofa::Context context(sofa::io::posix::env(), sofa::ContextConfig{.app = "till", .registry = "deaf://"});
  context.publish<TillService>(std::make_shared<Till>("one"));
  context.listen("bolt://127.0.0.1:0");
  const auto begin = context.env().clock.now();
  context.stop(8s);
  EXPECT_LT(sofa::io::posix::env().clock.now() - begin, 6s);
}

TEST_F(ClusterContextTest, KeepsAKeyAtOneProviderAndACallAtItsTarget) {
  const auto one = provider("one"), two = provider("two");
  const std::string address_of_two = address_;
  const auto three = provider("three");
  const auto customer = caller();
  const auto till = customer->reference<TillService>({.cluster = {.load_balancer = "consistentHash"}});
  (void)customer->wait(till.with({.target = address_of_two})->name(""));  // the list is there
  for (const std::string account : {"alice", "bob", "carol", "dave"}) {
    const std::string first = customer->wait(till->name(account));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(customer->wait(till->name(account)), first);
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(customer->wait(till.with({.target = address_of_two})->name(std::to_string(i))), "two");
  }
  EXPECT_THROW(customer->wait(till.with({.target = "127.0.0.1:1"})->name("alice")), sofa::Error);
}

TEST_F(ClusterContextTest, MovesACallThatReachedNobody) {
  const auto one = provider("one");
  const auto customer = caller();
  // The second address refuses connections.
  const std::string url = "bolt://" + address_ + ",127.0.0.1:1";
  const auto till = customer->reference<TillService>({.url = url, .cluster = {.load_balancer = "roundRobin"}});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(customer->wait(till->name("alice")), "one");
}

TEST_F(ClusterContextTest, SaysWhyThereIsNobody) {
  const auto customer = caller();
  const auto till = customer->reference<TillService>({.timeout = 100ms});
  try {
    customer->wait(till->name("alice"));
    FAIL() << "nobody serves it";
  } catch (const sofa::Error& error) {
    EXPECT_TRUE(error.is(rpc::Code::kClientRouter));
    EXPECT_NE(std::string(error.what()).find("com.till.TillService:1.0"), std::string::npos) << error.what();
  }
  EXPECT_THROW(customer->reference<TillService>({.cluster = {.load_balancer = "fairest"}}), sofa::Error);
  EXPECT_THROW(customer->reference<TillService>({.filters = {"unheard-of"}}), sofa::Error);
  EXPECT_THROW(customer->reference<TillService>({.cluster = {.routers = {"unheard-of"}}}), sofa::Error);
}

/// Leaves its name in the baggage, where filters behind it, and the service, find it.
class Signing final : public rpc::Filter {
 public:
  explicit Signing(std::string name) : name_(std::move(name)) {}
  sofa::Task<void> invoke(rpc::Invocation& call, rpc::Next next) override {
    call.context.add_baggage(name_, "was here");
    return next(call);
  }

 private:
  const std::string name_;
};

/// Lets nothing through but `seen`.
class Guard final : public rpc::Filter {
 public:
  sofa::Task<void> invoke(rpc::Invocation& call, rpc::Next next) override {
    if (call.method.name == "seen") return next(call);
    return sofa::fail(rpc::Code::kServerFilter, "{} may not be called here", call.method.name);
  }
};

TEST_F(ClusterContextTest, RunsFiltersInTheirOrder) {
  rpc::register_filter({.name = "second", .side = rpc::Side::kConsumer, .order = 2, .make = [] {
                          return std::make_shared<Signing>("2");
                        }});
  rpc::register_filter({.name = "first", .side = rpc::Side::kConsumer, .order = 1, .make = [] {
                          return std::make_shared<Signing>("1");
                        }});
  rpc::register_filter({.name = "automatic", .side = rpc::Side::kProvider, .automatic = true, .make = [] {
                          return std::make_shared<Signing>("p");
                        }});
  rpc::register_filter(
      {.name = "guard", .side = rpc::Side::kProvider, .order = 9, .make = [] { return std::make_shared<Guard>(); }});
  const auto guarded = provider("one", {.filters = {"guard"}});
  const auto customer = caller();
  const auto till = customer->reference<TillService>({.filters = {"second", "first", "consumerTracer"}});
  EXPECT_EQ(customer->wait(till->seen()), "12p");
  try {
    customer->wait(till->name("alice"));
    FAIL() << "the guard let it pass";
  } catch (const sofa::Error& error) {
    EXPECT_NE(std::string(error.what()).find("name may not be called here"), std::string::npos) << error.what();
  }
  const auto plain = provider("two", {.unique_id = "plain", .filters = {"-automatic"}});
  const auto other_customer = caller();
  const auto other = other_customer->reference<TillService>({.unique_id = "plain", .filters = {"first"}});
  EXPECT_EQ(other_customer->wait(other->seen()), "1");
}

/// Only providers of a weight of 200.
class HeavyOnes final : public rpc::Router {
 public:
  void route(const rpc::RemoteCall&, std::span<const rpc::Provider* const> providers,
             std::span<bool> allowed) override {
    for (std::size_t i = 0; i < providers.size(); ++i) {
      if (providers[i]->weight != 200) allowed[i] = false;
    }
  }
};

TEST_F(ClusterContextTest, RoutersTakeProvidersAway) {
  rpc::register_router("heavy", 0, [] { return std::make_shared<HeavyOnes>(); });
  const auto one = provider("one"), two = provider("two", {.weight = 200});
  const auto customer = caller();
  const auto till = customer->reference<TillService>({.cluster = {.routers = {"heavy"}}});
  std::string name;
  for (int i = 0; i < 100'000 && name != "two"; ++i) {
    try {
      name = customer->wait(till->name("alice"));
    } catch (const sofa::Error&) {
      // It has not heard of the heavy one yet.
    }
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(customer->wait(till->name("alice")), "two");
}

}  // namespace
}  // namespace till
