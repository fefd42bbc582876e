// The bank's services and values, as its Java, Node and C++ members share them (Java package dev.sofa.bank).
//
// Java's nullable types are std::optional where null means something; a TransferRequest's tags are a LinkedHashMap on
// the Java side, so they keep their order here too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sofa/sdk.h"

namespace bank {

using sofa::Bytes;
using sofa::Date;
using sofa::Decimal;
using sofa::Task;
using sofa::hessian::Array;
using sofa::hessian::Value;

enum class Currency { CNY, USD, EUR, JPY, BTC };
SOFA_JAVA_ENUM(Currency, "dev.sofa.bank.Currency", CNY, USD, EUR, JPY, BTC);

/// One side of a transfer.
struct Leg {
  static constexpr auto java_class = "dev.sofa.bank.Leg";
  std::optional<std::string> account;
  std::optional<Decimal> amount;
  bool credit = false;
  std::int32_t sequence = 0;
  bool operator==(const Leg&) const = default;
};

struct TransferRequest {
  static constexpr auto java_class = "dev.sofa.bank.TransferRequest";
  std::string tx_id;
  std::string from_account;
  std::string to_account;
  Decimal amount;
  std::optional<Date> when;
  sofa::hessian::LinkedHashMap<std::string, std::string> tags;
  std::optional<std::vector<Leg>> legs;
  std::optional<Currency> currency;
};

struct TransferResult {
  static constexpr auto java_class = "dev.sofa.bank.TransferResult";
  std::string tx_id;
  bool accepted = false;
  std::int32_t code = 0;
  std::string message;
  std::optional<Decimal> from_balance;
  std::optional<Decimal> to_balance;
  std::optional<Date> booked;
  std::optional<std::vector<Leg>> legs;
  std::optional<Currency> currency;
  std::optional<Array<Value>> notes;
};

/// A graph: children point at their parent, and peers at each other. The children are what owns.
struct Node {
  static constexpr auto java_class = "dev.sofa.bank.Node";
  std::optional<std::string> name;
  std::weak_ptr<Node> parent;
  std::weak_ptr<Node> peer;
  std::optional<std::vector<std::shared_ptr<Node>>> children;
};

/// One field of every kind that a service object has.
struct AllTypes {
  static constexpr auto java_class = "dev.sofa.bank.AllTypes";
  bool z = false;
  std::int8_t b = 0;
  std::int16_t s = 0;
  std::int32_t i = 0;
  std::int64_t l = 0;
  float f = 0;
  double d = 0;
  char16_t c = 0;
  std::optional<bool> boxed_z;
  std::optional<std::int32_t> boxed_i;
  std::optional<std::int64_t> boxed_l;
  std::optional<double> boxed_d;
  std::optional<std::string> str;
  std::optional<Bytes> bytes;
  std::optional<Array<std::int32_t>> ints;
  std::optional<Array<std::int64_t>> longs;
  std::optional<Array<double>> doubles;
  std::optional<Array<bool>> flags;
  std::optional<Array<std::optional<std::string>>> strs;
  std::optional<Array<Value>> objs;
  std::optional<Date> date;
  std::optional<Decimal> dec;
  std::optional<Currency> cur;
  std::optional<std::vector<Value>> list;
  std::optional<sofa::hessian::Entries<Value, Value>> map;
  std::shared_ptr<AllTypes> next;
};

/// A declared (checked) exception with its own fields.
struct InsufficientFunds : sofa::hessian::Exception<InsufficientFunds> {
  static constexpr auto java_class = "dev.sofa.bank.InsufficientFundsException";
  std::optional<std::string> account;
  std::optional<Decimal> missing;
};
BOOST_DESCRIBE_STRUCT(InsufficientFunds, (sofa::hessian::Throwable), (account, missing))

/// A runtime exception that no method declares.
struct Undeclared : sofa::hessian::Exception<Undeclared> {
  static constexpr auto java_class = "dev.sofa.bank.UndeclaredException";
  std::int32_t code = 0;
};
BOOST_DESCRIBE_STRUCT(Undeclared, (sofa::hessian::Throwable), (code))

class EchoService {
 public:
  virtual ~EchoService() = default;
  virtual Task<std::optional<std::string>> echo(std::optional<std::string> text) = 0;
  virtual Task<std::optional<Bytes>> echo_bytes(std::optional<Bytes> data) = 0;
  /// Answers after the given time: for timeouts and stops.
  virtual Task<std::optional<std::string>> slow_echo(std::optional<std::string> text, std::int64_t millis) = 0;
};

class AccountService {
 public:
  using Throws = sofa::rpc::Throws<InsufficientFunds, Undeclared>;
  virtual ~AccountService() = default;
  virtual Task<TransferResult> transfer(TransferRequest request) = 0;
  virtual Task<Decimal> get_balance(std::string account) = 0;
  /// Throws InsufficientFunds.
  virtual Task<Decimal> withdraw(std::string account, Decimal amount) = 0;
  /// Throws a runtime exception by its kind: npe, ise, or Undeclared.
  virtual Task<void> fail(std::string kind) = 0;
  virtual Task<std::string> primitives(bool z, std::int8_t b, std::int16_t s, std::int32_t i, std::int64_t l, float f,
                                       double d, char16_t c, Array<std::int32_t> is,
                                       Array<std::optional<std::string>> ss) = 0;
  virtual Task<std::shared_ptr<Node>> graph(std::shared_ptr<Node> root) = 0;
  virtual Task<std::shared_ptr<AllTypes>> all(std::shared_ptr<AllTypes> value) = 0;
  /// Gives back what came, whatever it is.
  virtual Task<Value> any(Value value) = 0;
  virtual Task<std::string> overload(std::int32_t value) = 0;
  virtual Task<std::string> overload(std::string value) = 0;
  virtual Task<std::string> overload(std::vector<std::string> values) = 0;
  virtual Task<sofa::hessian::TreeMap<std::string, Date>> nothing() = 0;
};

}  // namespace bank

// Compiled once, in values.cc, echo_service.cc and account_service.cc.
SOFA_CLASS_EXTERN(bank::TransferRequest)
SOFA_CLASS_EXTERN(bank::TransferResult)
SOFA_CLASS_EXTERN(bank::Leg)
SOFA_CLASS_EXTERN(bank::Node)
SOFA_CLASS_EXTERN(bank::AllTypes)

SOFA_SERVICE(bank::EchoService, "dev.sofa.bank.EchoService", echo, echo_bytes, slow_echo)
SOFA_SERVICE(bank::AccountService, "dev.sofa.bank.AccountService", transfer, get_balance, withdraw, fail, primitives,
             graph, all, any, (overload, sofa::Task<std::string>(std::int32_t)),
             (overload, sofa::Task<std::string>(std::string)),
             (overload, sofa::Task<std::string>(std::vector<std::string>)), nothing)
SOFA_SERVICE_EXTERN(bank::EchoService)
SOFA_SERVICE_EXTERN(bank::AccountService)
