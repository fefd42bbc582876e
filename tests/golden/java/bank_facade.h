// bank-facade.jar: what its services take and give.
// Written by `sofa import`. Import it again rather than change it here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sofa/sdk.h"

namespace imported {

using sofa::Bytes;
using sofa::Date;
using sofa::Decimal;
using sofa::Task;
using sofa::hessian::Array;
using sofa::hessian::Entries;
using sofa::hessian::Exception;
using sofa::hessian::Throwable;
using sofa::hessian::Value;

struct Node;
struct AllTypes;

struct Leg {
  static constexpr auto java_class = "dev.sofa.bank.Leg";
  std::optional<std::string> account;
  std::optional<Decimal> amount;
  bool credit = false;
  std::int32_t sequence = 0;
};

enum class Currency { CNY, USD, EUR, JPY, BTC };
SOFA_JAVA_ENUM(Currency, "dev.sofa.bank.Currency", CNY, USD, EUR, JPY, BTC);

struct TransferResult {
  static constexpr auto java_class = "dev.sofa.bank.TransferResult";
  std::optional<std::string> tx_id;
  bool accepted = false;
  std::int32_t code = 0;
  std::optional<std::string> message;
  std::optional<Decimal> from_balance;
  std::optional<Decimal> to_balance;
  std::optional<Date> booked;
  std::optional<std::vector<Leg>> legs;
  std::optional<Currency> currency;
  std::optional<Array<Value>> notes;
};

struct TransferRequest {
  static constexpr auto java_class = "dev.sofa.bank.TransferRequest";
  std::optional<std::string> tx_id;
  std::optional<std::string> from_account;
  std::optional<std::string> to_account;
  std::optional<Decimal> amount;
  std::optional<Date> when;
  std::optional<std::map<std::string, std::string>> tags;
  std::optional<std::vector<Leg>> legs;
  std::optional<Currency> currency;
};

/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.
struct Node {
  static constexpr auto java_class = "dev.sofa.bank.Node";
  std::optional<std::string> name;
  std::shared_ptr<Node> parent;
  std::shared_ptr<Node> peer;
  std::optional<std::vector<std::shared_ptr<Node>>> children;
};

/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.
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
  std::optional<Array<std::string>> strs;
  std::optional<Array<Value>> objs;
  std::optional<Date> date;
  std::optional<Decimal> dec;
  std::optional<Currency> cur;
  std::optional<std::vector<Value>> list;
  std::optional<Entries<Value, Value>> map;
  std::shared_ptr<AllTypes> next;
};

struct InsufficientFundsException : Exception<InsufficientFundsException> {
  static constexpr auto java_class = "dev.sofa.bank.InsufficientFundsException";
  std::optional<std::string> account;
  std::optional<Decimal> missing;
};
BOOST_DESCRIBE_STRUCT(InsufficientFundsException, (Throwable), (account, missing))

struct UndeclaredException : Exception<UndeclaredException> {
  static constexpr auto java_class = "dev.sofa.bank.UndeclaredException";
  std::int32_t code = 0;
};
BOOST_DESCRIBE_STRUCT(UndeclaredException, (Throwable), (code))

class AccountService {
 public:
  using Throws = sofa::rpc::Throws<InsufficientFundsException, UndeclaredException>;
  virtual ~AccountService() = default;
  virtual Task<std::optional<TransferResult>> transfer(TransferRequest request) = 0;
  virtual Task<std::optional<Decimal>> get_balance(std::string account) = 0;
  virtual Task<std::optional<Decimal>> withdraw(std::string account, Decimal amount) = 0;
  virtual Task<void> fail(std::string kind) = 0;
  virtual Task<std::optional<std::string>> primitives(bool z, std::int8_t b, std::int16_t s, std::int32_t i,
                                                      std::int64_t l, float f, double d, char16_t c,
                                                      Array<std::int32_t> is, Array<std::string> ss) = 0;
  virtual Task<std::shared_ptr<Node>> graph(std::shared_ptr<Node> root) = 0;
  virtual Task<std::shared_ptr<AllTypes>> all(std::shared_ptr<AllTypes> value) = 0;
  virtual Task<Value> any(Value value) = 0;
  virtual Task<std::optional<std::string>> overload(std::int32_t value) = 0;
  virtual Task<std::optional<std::string>> overload(std::string value) = 0;
  virtual Task<std::optional<std::string>> overload(std::vector<std::string> values) = 0;
  virtual Task<std::optional<std::map<std::string, Date>>> nothing() = 0;
};

class EchoService {
 public:
  using Throws = sofa::rpc::Throws<UndeclaredException>;
  virtual ~EchoService() = default;
  virtual Task<std::optional<std::string>> echo(std::string text) = 0;
  virtual Task<std::optional<Bytes>> echo_bytes(Bytes data) = 0;
  virtual Task<std::optional<std::string>> slow_echo(std::string text, std::int64_t millis) = 0;
};

}  // namespace imported

SOFA_SERVICE(imported::AccountService, "dev.sofa.bank.AccountService", transfer, get_balance, withdraw, fail,
             primitives, graph, all, any, (overload, sofa::Task<std::optional<std::string>>(std::int32_t)),
             (overload, sofa::Task<std::optional<std::string>>(std::string)),
             (overload, sofa::Task<std::optional<std::string>>(std::vector<std::string>)), nothing)
SOFA_SERVICE(imported::EchoService, "dev.sofa.bank.EchoService", echo, echo_bytes, slow_echo)
