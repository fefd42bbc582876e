#include "tests/interop/cpp_imported.h"

#include <chrono>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "tests/interop/cpp_imported_services.h"

namespace interop {
namespace {

using imported::AccountService;
using imported::EchoService;
using sofa::Bytes;
using sofa::Date;
using sofa::Decimal;
using sofa::hessian::Value;
using namespace std::chrono_literals;

class Imported {
 public:
  Imported(sofa::Context& context, const sofa::ReferenceOptions& target, std::string run, const Check& check)
      : context_(context),
        echo_(context.reference<EchoService>(target)),
        bank_(context.reference<AccountService>(target)),
        run_(std::move(run)),
        check_(check) {}

  void all() {
    answers("echo", [&] { return wait(echo_->echo("你好")) == "你好"; });
    answers("echo of bytes", [&] { return wait(echo_->echo_bytes(Bytes{1, 2, 3})) == Bytes{1, 2, 3}; });
    answers("transfer", [&] { return transfer(); });
    answers("balance", [&] { return wait(bank_->get_balance("bob" + run_)) == *Decimal::parse("1012.50"); });
    answers("exception", [&] { return declared_exception(); });
    answers("undeclared exception", [&] { return undeclared_exception(); });
    answers("primitives", [&] {
      return wait(bank_->primitives(true, -5, 300, INT32_MIN, INT64_MAX, 1.5F, -2.25, u'中', {1, -1, 70000},
                                    {"a", "b"})) ==
             "true|-5|300|-2147483648|9223372036854775807|1.5|-2.25|20013|[1, -1, 70000]|[a, b]";
    });
    answers("graph", [&] { return graph(); });
    answers("all types", [&] { return all_types(); });
    answers("any", [&] { return wait(bank_->any(Value::list({"x", 1}))) == Value::list({"x", 1}); });
    answers("overload int", [&] { return wait(bank_->overload(5)) == "int:5"; });
    answers("overload String", [&] { return wait(bank_->overload(std::string("5"))) == "String:5"; });
    answers("overload List", [&] { return wait(bank_->overload(std::vector<std::string>{"5"})) == "List:[5]"; });
    answers("map", [&] { return wait(bank_->nothing()).value().empty(); });
  }

 private:
  template <class T>
  T wait(sofa::Task<T> task) {
    return context_.wait(std::move(task), 5s);
  }

  template <class Ask>
  void answers(const std::string& name, Ask ask) {
    try {
      check_("imported " + name, ask(), "another answer");
    } catch (const std::exception& e) {
      check_("imported " + name, false, e.what());
    }
  }

  bool transfer() {
    imported::TransferRequest asked;
    asked.tx_id = "tx-imported";
    asked.from_account = "alice" + run_;
    asked.to_account = "bob" + run_;
    asked.amount = *Decimal::parse("12.50");
    asked.when = Date{1700000000000};
    asked.tags.emplace().emplace("channel", "mobile");
    asked.legs = {{asked.from_account, asked.amount, false, 1}, {asked.to_account, asked.amount, true, 2}};
    asked.currency = imported::Currency::EUR;
    const auto got = wait(bank_->transfer(asked));
    return got && got->accepted && got->tx_id == asked.tx_id && got->currency == asked.currency &&
           got->legs->size() == 2 && got->legs->at(1).account == asked.to_account && got->legs->at(1).credit &&
           got->from_balance == *Decimal::parse("987.50") && got->booked->milliseconds == asked.when->milliseconds + 1;
  }

  bool declared_exception() {
    try {
      wait(bank_->withdraw("poor" + run_, *Decimal::parse("5000")));
    } catch (const imported::InsufficientFundsException& e) {
      return e.account == "poor" + run_ && e.missing == *Decimal::parse("4000.00");
    }
    return false;
  }

  bool undeclared_exception() {
    try {
      wait(bank_->fail("undeclared"));
    } catch (const imported::UndeclaredException& e) {
      return e.code == 7;
    } catch (const std::exception& e) {
      // The family's server may answer what a method does not declare as a framework error.
      return std::string_view(e.what()).find("asked for undeclared") != std::string_view::npos;
    }
    return false;
  }

  bool graph() {
    const auto root = std::make_shared<imported::Node>();
    root->name = "root";
    const auto child = std::make_shared<imported::Node>();
    child->name = "child";
    root->children = {child, child};
    const auto got = wait(bank_->graph(root));
    return got->name == "root" && got->children->size() == 2 && got->children->at(0) == got->children->at(1);
  }

  bool all_types() {
    const auto sent = std::make_shared<imported::AllTypes>();
    sent->l = 9007199254740993;
    sent->c = u'中';
    sent->boxed_i = 42;
    sent->str = "text 文字";
    sent->ints = {1, -1, 70000};
    sent->strs = {"a", ""};
    sent->dec = *Decimal::parse("1782414721.86");
    sent->cur = imported::Currency::JPY;
    sent->list = {Value("l"), Value(1)};
    sent->next = std::make_shared<imported::AllTypes>();
    return sofa::hessian::to_bytes(wait(bank_->all(sent))) == sofa::hessian::to_bytes(sent);
  }

  sofa::Context& context_;
  sofa::rpc::Reference<EchoService> echo_;
  sofa::rpc::Reference<AccountService> bank_;
  std::string run_;
  const Check& check_;
};

}  // namespace

void check_imported(sofa::Context& context, const sofa::ReferenceOptions& target, const std::string& run,
                    const Check& check) {
  Imported(context, target, run, check).all();
}

}  // namespace interop
