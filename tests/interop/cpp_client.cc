// cpp_client: our client against any bank, with the checks that the Java peer's client makes.
//
//   cpp_client --addr 127.0.0.1:12200 --mode sync|basic|future|callback|oneway|generic|context|imported [--count N]
//              [--timeout-check] [--no-custom-headers] [--registry URL]
//
// With a registry it finds the bank there, and needs no --addr.
// Prints a line for each check that failed and `N passed, M failed`; exit code 0 only when all passed.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <typeinfo>
#include <vector>

#include <fmt/format.h>

#include "examples/bank/services.h"
#include "sofa/io/posix/env.h"
#include "sofa/registry/sofa_source.h"
#include "sofa/registry/zookeeper_source.h"
#include "sofa/rpc/error.h"
#include "tests/interop/cpp_context.h"
#include "tests/interop/cpp_imported.h"

namespace {

using bank::AccountService;
using bank::EchoService;
using sofa::Bytes;
using sofa::Date;
using sofa::Decimal;
using sofa::hessian::RemoteException;
using sofa::hessian::Throwable;
using sofa::hessian::Value;
using namespace std::chrono_literals;

constexpr auto kTimeout = 3000ms;

Decimal decimal(std::string_view text) {
  return Decimal::parse(text).value();
}

struct Options {
  std::string address;
  std::string registry;
  std::string mode = "sync";
  int count = 10;
  bool timeout_check = false;
  bool custom_headers = true;
};

class Checks {
 public:
  void check(const std::string& name, bool right, const std::string& got = {}) {
    ++(right ? passed_ : failed_);
    if (!right) fmt::print("FAIL {}: got {}\n", name, got);
  }
  /// `ask` gives whether the answer was right.
  template <class Ask>
  void answers(const std::string& name, Ask ask) {
    try {
      check(name, ask(), "another answer");
    } catch (const std::exception& e) {
      check(name, false, e.what());
    }
  }
  /// `ask` has to throw an E for which `right` holds.
  template <class E, class Ask, class Right>
  void throws(const std::string& name, Ask ask, Right right) {
    try {
      ask();
      check(name, false, "no exception");
    } catch (const std::exception& e) {
      const auto* expected = dynamic_cast<const E*>(&e);
      check(name, expected && right(*expected), fmt::format("{}: {}", typeid(e).name(), e.what()));
    }
  }
  int finish() const {
    fmt::print("{} passed, {} failed\n", passed_, failed_);
    return failed_ == 0 ? 0 : 1;
  }

 private:
  int passed_ = 0;
  int failed_ = 0;
};

std::string repeated(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = static_cast<std::uint32_t>(size) + 1;
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

bank::TransferRequest request(int i, const std::string& run) {
  bank::TransferRequest made;
  made.tx_id = fmt::format("tx-{}", i);
  made.from_account = fmt::format("alice-{}{}", i, run);
  made.to_account = fmt::format("bob-银行-{}{}", i, run);
  made.amount = decimal(fmt::format("12.{}", 10 + i % 90));
  made.when = Date{1700000000000 + i};
  made.tags.emplace_back("channel", "mobile");
  made.tags.emplace_back("note", "réf 付款 💰");
  made.legs.emplace();
  made.legs->push_back({made.from_account, made.amount, false, 1});
  made.legs->push_back({made.to_account, made.amount, true, 2});
  constexpr bank::Currency kCurrencies[] = {bank::Currency::CNY, bank::Currency::USD, bank::Currency::EUR,
                                            bank::Currency::JPY, bank::Currency::BTC};
  made.currency = kCurrencies[i % 5];
  return made;
}

std::shared_ptr<bank::AllTypes> all_types(int depth) {
  auto made = std::make_shared<bank::AllTypes>();
  made->z = true;
  made->b = -7;
  made->s = 30000;
  made->i = -2000000000;
  made->l = 9007199254740993;
  made->f = 1.5F;
  made->d = -0.1;
  made->c = u'中';
  made->boxed_z = false;
  made->boxed_i = 42;
  made->boxed_l = -42;
  made->boxed_d = 2.25;
  made->str = "text 文字 🏦";
  made->bytes = pattern(40);
  made->ints = {1, -1, 70000};
  made->longs = {1, std::int64_t{-5000000000}};
  made->doubles = {0.5, -1e300};
  made->flags = {true, false};
  made->strs = {"a", std::nullopt, ""};
  made->objs = {Value(6), Value("o"), Value(), Value(2.5)};
  made->date = Date{1549176196257};
  made->dec = decimal("1782414721.86");
  made->cur = bank::Currency::JPY;
  made->list = {Value("l"), Value(1), Value(std::int64_t{-2})};
  made->map.emplace();
  made->map->emplace_back(Value("k"), Value(7));
  if (depth > 1) made->next = all_types(depth - 1);
  return made;
}

class Client {
 public:
  explicit Client(const Options& options)
      : options_(options),
        context_(sofa::io::posix::env(), {.app = "sofa-cpp-client", .registry = options.registry}),
        echo_(context_.reference<EchoService>(target())),
        bank_(context_.reference<AccountService>(target())),
        run_(std::to_string(context_.env().random.next() % 1'000'000'000)) {}

  int run() {
    const std::string& mode = options_.mode;
    if (!options_.registry.empty()) wait_until_found();
    if (mode == "sync") {
      sync();
    } else if (mode == "context") {
      interop::check_context({.java = options_.address, .custom_headers = options_.custom_headers}, check_);
    } else if (mode == "imported") {
      interop::check_imported(context_, target(), run_, check_);
    } else if (mode == "basic") {
      basic();
    } else if (mode == "future") {
      future();
    } else if (mode == "callback") {
      callback();
    } else if (mode == "oneway") {
      oneway();
    } else if (mode == "generic") {
      generic();
    } else {
      fmt::print(stderr, "cpp_client: no mode '{}'\n", mode);
      return 2;
    }
    return checks_.finish();
  }

 private:
  /// Java's client of a registry says that it has published before it has.
  void wait_until_found() {
    const auto until = std::chrono::steady_clock::now() + kTimeout;
    while (std::chrono::steady_clock::now() < until) {
      try {
        wait(echo_->echo("who is there"));
        return;
      } catch (const sofa::Error& error) {
        if (!error.is(sofa::rpc::Code::kClientRouter)) throw;
      }
    }
  }
  sofa::ReferenceOptions target() const {
    return {.url = options_.registry.empty() ? "bolt://" + options_.address : "", .timeout = kTimeout};
  }

  template <class T>
  T wait(sofa::Task<T> task) {
    return context_.wait(std::move(task), kTimeout + 2s);
  }

  void sync() {
    echoes({"", "a", "hello", "你好，世界", "😀 emoji", repeated("x", 31), repeated("x", 32), repeated("é", 1023),
            repeated("y", 32768), repeated("z", 32769), repeated("中", 70000)});
    checks_.answers("echo of null", [&] { return !wait(echo_->echo(std::nullopt)); });
    blobs({0, 1, 15, 16, 1023, 1024, 32768, 32769, 100000});
    for (int i = 0; i < options_.count; ++i) transfer(i);
    checks_.throws<bank::InsufficientFunds>(
        "withdraw", [&] { wait(bank_->withdraw("poor" + run_, decimal("5000"))); },
        [&](const bank::InsufficientFunds& e) {
          return e.account == "poor" + run_ && *e.missing == decimal("4000.00") &&
                 e.message().find("lacks") != std::string::npos;
        });
    failures();
    values();
    overloads();
    checks_.answers("empty map", [&] { return wait(bank_->nothing()).empty(); });
    if (options_.timeout_check) {
      const auto late = std::chrono::duration_cast<std::chrono::milliseconds>(kTimeout).count() + 1000;
      checks_.throws<sofa::Error>(
          "timeout", [&] { wait(echo_->slow_echo("late", late)); },
          [](const sofa::Error& e) { return e.is(sofa::rpc::Code::kClientTimeout); });
    }
  }

  /// What every peer, whatever its language, is asked to hold.
  void basic() {
    echoes({"", "a", "你好", "😀 emoji", repeated("x", 32), repeated("é", 1023), repeated("z", 32769),
            repeated("中", 70000)});
    blobs({0, 1, 16, 1024, 32769});
    for (int i = 0; i < options_.count; ++i) transfer_of_any_peer(i);
    // A Node server says its own class, or none that is registered.
    checks_.throws<std::exception>(
        "withdraw", [&] { wait(bank_->withdraw("poor" + run_, decimal("5000"))); },
        [](const std::exception& e) { return std::string_view(e.what()).find("lacks") != std::string_view::npos; });
  }

  void echoes(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      checks_.answers(fmt::format("echo of {} bytes", text.size()), [&] { return wait(echo_->echo(text)) == text; });
    }
  }

  void blobs(const std::vector<std::size_t>& sizes) {
    for (const std::size_t size : sizes) {
      checks_.answers(fmt::format("bytes {}", size),
                      [&] { return wait(echo_->echo_bytes(pattern(size))) == pattern(size); });
    }
  }

  void transfer(int i) {
    const bank::TransferRequest asked = request(i, run_);
    checks_.answers(fmt::format("transfer {}", i), [&] {
      const bank::TransferResult got = wait(bank_->transfer(asked));
      Value tags = Value::map("java.util.LinkedHashMap");
      for (const auto& [key, value] : asked.tags) tags.put(key, value);
      return got.accepted && got.code == 0 && got.message == "ok" && got.tx_id == asked.tx_id &&
             got.currency == asked.currency && got.legs == asked.legs &&
             got.booked->milliseconds == asked.when->milliseconds + 1 &&
             got.from_balance->to_string() == (decimal("1000.00") - asked.amount).to_string() &&
             got.notes->size() == 3 && (*got.notes)[1] == Value(2) && same_entries((*got.notes)[2], tags);
    });
    balance(i, asked);
  }

  void transfer_of_any_peer(int i) {
    const bank::TransferRequest asked = request(i, run_);
    checks_.answers(fmt::format("transfer {}", i), [&] {
      const bank::TransferResult got = wait(bank_->transfer(asked));
      return got.accepted && got.code == 0 && got.tx_id == asked.tx_id &&
             got.booked->milliseconds == asked.when->milliseconds + 1 &&
             *got.from_balance == decimal("1000.00") - asked.amount;
    });
    balance(i, asked);
  }

  void balance(int i, const bank::TransferRequest& asked) {
    checks_.answers(fmt::format("balance {}", i),
                    [&] { return wait(bank_->get_balance(asked.to_account)) == decimal("1000.00") + asked.amount; });
  }

  static bool same_entries(const Value& a, const Value& b) {
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < b.size(); ++i) same = a[b.key(i).as_string()] == b.at(i);
    return same;
  }

  void failures() {
    const auto is = [](std::string_view java_class, std::string_view message) {
      return [=](const Throwable& e) {
        // The family's server cuts causes off before it answers.
        return e.java_class_name() == java_class && e.message() == message && !e.cause.value;
      };
    };
    checks_.throws<Throwable>(
        "ise", [&] { wait(bank_->fail("ise")); }, is("java.lang.IllegalStateException", "asked for ise"));
    checks_.throws<Throwable>(
        "npe", [&] { wait(bank_->fail("npe")); }, is("java.lang.NullPointerException", "asked for npe"));
    // A server may also answer what a method does not declare as a framework error; then the text tells.
    checks_.throws<std::exception>(
        "undeclared", [&] { wait(bank_->fail("undeclared")); },
        [](const std::exception& e) {
          const auto* typed = dynamic_cast<const bank::Undeclared*>(&e);
          return typed ? typed->code == 7
                       : std::string_view(e.what()).find("asked for undeclared") != std::string::npos;
        });
  }

  void values() {
    checks_.answers("primitives", [&] {
      return wait(bank_->primitives(true, -5, 300, INT32_MIN, INT64_MAX, 1.5F, -2.25, u'中', {1, -1, 70000},
                                    {"a", std::nullopt, ""})) ==
             "true|-5|300|-2147483648|9223372036854775807|1.5|-2.25|20013|[1, -1, 70000]|[a, null, ]";
    });
    checks_.answers("graph", [&] { return graph(); });
    checks_.answers("all types", [&] {
      const auto sent = all_types(2);
      return sofa::hessian::to_bytes(wait(bank_->all(sent))) == sofa::hessian::to_bytes(sent);
    });
    const Value int_array = Value::list({3, 4}, "[int");
    const Value map = Value::map().put("k", 1).put("l", Value::list({1, 2}));
    const Value euro = Value::object("dev.sofa.bank.Currency").set("name", "EUR");
    const Value amount = Value::object("java.math.BigDecimal").set("value", "1.50");
    const std::vector<Value> all = {Value(),
                                    Value(true),
                                    Value(1),
                                    Value(std::int64_t{-17}),
                                    Value(2.5),
                                    Value("s"),
                                    Value::date(123456789),
                                    Value::binary(Bytes{1, 2}),
                                    int_array,
                                    Value::list({"x", 1, nullptr}),
                                    map,
                                    euro,
                                    amount};
    for (std::size_t i = 0; i < all.size(); ++i) {
      checks_.answers(fmt::format("any {}", i), [&] { return wait(bank_->any(all[i])) == all[i]; });
    }
  }

  bool graph() {
    const auto node = [](const char* name) {
      auto made = std::make_shared<bank::Node>();
      made->name = name;
      made->children.emplace();
      return made;
    };
    const auto root = node("root"), a = node("a"), b = node("b");
    a->parent = root;
    b->parent = root;
    a->peer = b;
    b->peer = a;
    root->peer = root;
    *root->children = {a, b};
    const auto got = wait(bank_->graph(root));
    const auto& children = *got->children;
    return got->peer.lock() == got && children.size() == 2 && children[0]->peer.lock() == children[1] &&
           children[1]->peer.lock() == children[0] && children[0]->parent.lock() == got;
  }

  void overloads() {
    checks_.answers("overload int", [&] { return wait(bank_->overload(5)) == "int:5"; });
    checks_.answers("overload String", [&] { return wait(bank_->overload(std::string("5"))) == "String:5"; });
    checks_.answers("overload List",
                    [&] { return wait(bank_->overload(std::vector<std::string>{"5"})) == "List:[5]"; });
  }

  void future() {
    std::vector<sofa::Future<std::optional<std::string>>> answers;
    for (int i = 0; i < options_.count; ++i) {
      answers.push_back(sofa::as_future(context_.shards().any(), echo_->echo(fmt::format("f{}", i)), kTimeout));
    }
    for (int i = 0; i < options_.count; ++i) {
      checks_.answers(fmt::format("future {}", i),
                      [&] { return answers[static_cast<std::size_t>(i)].get().value() == fmt::format("f{}", i); });
    }
  }

  void callback() {
    std::atomic<int> right = 0;
    Countdown done(context_, options_.count);
    for (int i = 0; i < options_.count; ++i) {
      const std::string text = fmt::format("c{}", i);
      sofa::on_result(context_.shards().any(), echo_->echo(text),
                      [&, text](sofa::Result<std::optional<std::string>> answer) {
                        if (answer && *answer == text) ++right;
                        done.count_down();
                      });
    }
    done.wait(10s);
    checks_.check("callbacks", right == options_.count, fmt::format("{} of {}", right.load(), options_.count));

    std::exception_ptr thrown;
    Countdown one(context_, 1);
    sofa::on_result(context_.shards().any(), bank_->withdraw("callback-poor", decimal("99999")),
                    [&](sofa::Result<Decimal> answer) {
                      if (!answer) thrown = answer.error().thrown();
                      one.count_down();
                    });
    one.wait(5s);
    checks_.throws<bank::InsufficientFunds>(
        "callback exception",
        [&] {
          if (thrown) std::rethrow_exception(thrown);
        },
        [](const bank::InsufficientFunds&) { return true; });
  }

  /// Lets a plain thread wait for callbacks.
  class Countdown {
   public:
    Countdown(sofa::Context& context, int count) : env_(context.env()), left_(static_cast<std::uint32_t>(count)) {}
    void count_down() {
      if (left_.fetch_sub(1) == 1) env_.blocking.wake(left_, true);
    }
    void wait(sofa::io::Duration timeout) {
      const auto deadline = env_.clock.now() + timeout;
      while (const std::uint32_t left = left_.load()) {
        if (!env_.blocking.wait(left_, left, deadline) && left_.load() != 0)
          std::abort();  // its callers hold our frame
      }
    }

   private:
    sofa::io::Env& env_;
    std::atomic<std::uint32_t> left_;
  };

  void oneway() {
    const std::string account = "oneway-" + run_;
    const auto sender = bank_.oneway();
    for (int i = 0; i < options_.count; ++i) {
      checks_.answers(fmt::format("oneway {}", i), [&] {
        wait(sender->withdraw(account, decimal("1.00")));
        return true;
      });
    }
    const Decimal want = decimal("1000.00") - decimal(std::to_string(options_.count));
    Decimal have;
    for (int i = 0; i < 50 && have != want; ++i) {
      have = wait(bank_->get_balance(account));
      if (have != want) wait(pause());
    }
    checks_.check("oneway effects", have == want, have.to_string());
  }

  static sofa::Task<void> pause() { co_await sofa::sleep(50ms); }

  void generic() {
    const auto service = context_.generic("dev.sofa.bank.AccountService", target());
    const auto amount = [](const char* text) { return Value::object("java.math.BigDecimal").set("value", text); };
    for (int i = 0; i < options_.count; ++i) {
      const std::string run = std::to_string(i) + run_;
      Value leg = Value::object("dev.sofa.bank.Leg");
      leg.set("account", "ga" + run).set("amount", amount("5.00")).set("credit", false).set("sequence", 1);
      Value asked = Value::object("dev.sofa.bank.TransferRequest");
      asked.set("txId", fmt::format("g{}", i)).set("fromAccount", "ga" + run).set("toAccount", "gb" + run);
      asked.set("amount", amount("5.00")).set("when", Value::date(1600000000000));
      asked.set("tags", Value::map().put("k", "v")).set("legs", Value::list({leg}));
      checks_.answers("generic transfer", [&] {
        const Value got = wait(service.with({.generic_type = 2}).invoke("transfer", {asked}));
        return got["accepted"].as_bool() && got["txId"].as_string() == fmt::format("g{}", i);
      });
      checks_.answers("generic invoke", [&] {
        return wait(service.invoke("overload", {Value(i)}, {"int"})).as_string() == fmt::format("int:{}", i);
      });
    }
    checks_.throws<RemoteException>(
        "generic exception", [&] { wait(service.invoke("withdraw", {"generic-poor", amount("9999")})); },
        [](const RemoteException& e) {
          if (e.class_name != bank::InsufficientFunds::java_class) return false;
          for (const auto& [name, value] : e.fields.fields) {
            if (name == "account") return value.as_string() == "generic-poor";
          }
          return false;
        });
  }

  const Options& options_;
  Checks checks_;
  const interop::Check check_ = [this](const std::string& name, bool right, const std::string& got) {
    checks_.check(name, right, got);
  };
  sofa::Context context_;
  sofa::rpc::Reference<EchoService> echo_;
  sofa::rpc::Reference<AccountService> bank_;
  const std::string run_;  // so that accounts are new
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--timeout-check") {
      options.timeout_check = true;
      continue;
    }
    if (name == "--no-custom-headers") {
      options.custom_headers = false;
      continue;
    }
    if (name == "--addr") options.address = value;
    if (name == "--registry") options.registry = value;
    if (name == "--mode") options.mode = value;
    if (name == "--count") options.count = std::atoi(value);
    ++i;
  }
  if (options.address.empty() && options.registry.empty()) {
    fmt::print(stderr,
               "cpp_client --addr HOST:PORT|--registry URL --mode sync|basic|future|callback|oneway|generic|context "
               "[--count N]\n");
    return 2;
  }
  sofa::registry::register_sofa();
  sofa::registry::register_zookeeper();
  try {
    return Client(options).run();
  } catch (const std::exception& e) {
    fmt::print("FAIL {}\n0 passed, 1 failed\n", e.what());
    return 1;
  }
}
