// The bank as an application: published in a context, called over Bolt and in process.
#include "examples/bank/bank.h"

#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "examples/bank/accounts.h"
#include "examples/bank/echo.h"
#include "sofa/io/posix/env.h"

namespace bank {
namespace {

/// A way to the accounts, with the context that it belongs to.
struct Way {
  sofa::Context& context;
  sofa::rpc::Reference<AccountService> accounts;

  AccountService* operator->() const { return accounts.operator->(); }
  template <class T>
  T wait(Task<T> task) const {
    return context.wait(std::move(task));
  }
};

class BankTest : public testing::Test {
 protected:
  BankTest() { publish(context_); }

  Way inside() { return {context_, context_.reference<AccountService>()}; }
  Way by_socket() {
    const std::string url = "bolt://" + context_.listen("bolt://127.0.0.1:0").front().to_string();
    return {outside_, outside_.reference<AccountService>({.url = url})};
  }

  sofa::Context context_{sofa::io::posix::env(), {.app = "bank"}};
  sofa::Context outside_{sofa::io::posix::env(), {.app = "teller"}};
};

Decimal decimal(std::string_view text) {
  return Decimal::parse(text).value();
}

TEST_F(BankTest, MoneyMovesAndIsNeitherMadeNorLost) {
  for (const Way& accounts : {inside(), by_socket()}) {
    TransferRequest request;
    request.tx_id = "t1";
    request.from_account = "a";
    request.to_account = "b";
    request.amount = decimal("12.34");
    const Decimal before = accounts.wait(accounts->get_balance("a")) + accounts.wait(accounts->get_balance("b"));
    EXPECT_TRUE(accounts.wait(accounts->transfer(request)).accepted);
    EXPECT_EQ(accounts.wait(accounts->get_balance("a")) + accounts.wait(accounts->get_balance("b")), before);
    request.amount = decimal("100000");
    const TransferResult refused = accounts.wait(accounts->transfer(request));
    EXPECT_FALSE(refused.accepted);
    EXPECT_EQ(refused.code, 402);
    request.amount = decimal("-1");
    EXPECT_EQ(accounts.wait(accounts->transfer(request)).code, 400);
    EXPECT_EQ(accounts.wait(accounts->get_balance("a")) + accounts.wait(accounts->get_balance("b")), before);
  }
}

TEST_F(BankTest, RefusalsAreExceptionsWithFields) {
  for (const Way& accounts : {inside(), by_socket()}) {
    try {
      accounts.wait(accounts->withdraw("poor", decimal("5000")));
      FAIL() << "no exception";
    } catch (const InsufficientFunds& e) {
      EXPECT_EQ(e.account, "poor");
      EXPECT_EQ(*e.missing, decimal("4000.00"));
      EXPECT_EQ(e.message(), "account poor lacks 4000.00");
    }
  }
}

TEST_F(BankTest, ManyTellersAtOnceLoseNothing) {
  const Way accounts = by_socket();
  std::vector<std::thread> tellers;
  for (int teller = 0; teller < 4; ++teller) {
    tellers.emplace_back([&accounts, teller] {
      for (int i = 0; i < 50; ++i) {
        TransferRequest request;
        request.from_account = teller % 2 == 0 ? "x" : "y";
        request.to_account = teller % 2 == 0 ? "y" : "x";
        request.amount = decimal("0.07");
        EXPECT_TRUE(accounts.wait(accounts->transfer(request)).accepted);
      }
    });
  }
  for (auto& teller : tellers) teller.join();
  EXPECT_EQ(accounts.wait(accounts->get_balance("x")), decimal("1000.00"));
  EXPECT_EQ(accounts.wait(accounts->get_balance("y")), decimal("1000.00"));
}

}  // namespace
}  // namespace bank
