#include "examples/bank/accounts.h"

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bank {
namespace {

/// As Java's string concatenation shows a double.
std::string java_text(double value) {
  return std::trunc(value) == value && std::abs(value) < 1e7 ? fmt::format("{:.1f}", value) : fmt::format("{}", value);
}

Value map_of(const sofa::hessian::LinkedHashMap<std::string, std::string>& tags) {
  Value map = Value::map();
  for (const auto& [key, value] : tags) map.put(key, value);
  return map;
}

}  // namespace

Decimal& Accounts::of(const std::string& account) {
  return books_.try_emplace(account, Decimal::parse("1000.00").value()).first->second;
}

Task<TransferResult> Accounts::transfer(TransferRequest request) {
  std::lock_guard lock(mutex_);
  TransferResult result;
  Decimal& from = of(request.from_account);
  if (request.amount.signum() <= 0) {
    result.code = 400;
    result.message = "amount not positive";
  } else if (from < request.amount) {
    result.code = 402;
    result.message = "insufficient funds";
  } else {
    from -= request.amount;
    of(request.to_account) += request.amount;
    result.accepted = true;
    result.message = "ok";
  }
  result.from_balance = of(request.from_account);
  result.to_balance = of(request.to_account);
  if (request.when) result.booked = Date{request.when->milliseconds + 1};
  const auto legs = static_cast<std::int32_t>(request.legs ? request.legs->size() : 0);
  result.notes = Array<Value>{Value(request.tx_id), Value(legs), map_of(request.tags)};
  result.tx_id = std::move(request.tx_id);
  result.currency = request.currency;
  result.legs = std::move(request.legs);
  return result;
}

Task<Decimal> Accounts::get_balance(std::string account) {
  std::lock_guard lock(mutex_);
  return of(account);
}

Task<Decimal> Accounts::withdraw(std::string account, Decimal amount) {
  std::lock_guard lock(mutex_);
  Decimal& balance = of(account);
  if (balance < amount) {
    InsufficientFunds refusal;
    refusal.missing = amount - balance;
    refusal.detail_message = fmt::format("account {} lacks {}", account, refusal.missing->to_string());
    refusal.account = std::move(account);
    throw refusal;
  }
  balance -= amount;
  return balance;
}

Task<void> Accounts::fail(std::string kind) {
  if (kind == "npe") throw sofa::hessian::RemoteException::of("java.lang.NullPointerException", "asked for npe");
  if (kind == "ise") throw sofa::hessian::RemoteException::of("java.lang.IllegalStateException", "asked for ise");
  Undeclared failure;
  failure.detail_message = "asked for " + kind;
  failure.code = 7;
  throw failure;
}

Task<std::string> Accounts::primitives(bool z, std::int8_t b, std::int16_t s, std::int32_t i, std::int64_t l, float f,
                                       double d, char16_t c, Array<std::int32_t> is,
                                       Array<std::optional<std::string>> ss) {
  std::vector<std::string> texts;
  for (const auto& text : ss) texts.push_back(text.value_or("null"));
  return fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|[{}]|[{}]", z, static_cast<int>(b), s, i, l, java_text(f), java_text(d),
                     static_cast<int>(c), fmt::join(is, ", "), fmt::join(texts, ", "));
}

Task<std::string> Accounts::overload(std::int32_t value) {
  return fmt::format("int:{}", value);
}
Task<std::string> Accounts::overload(std::string value) {
  return "String:" + value;
}
Task<std::string> Accounts::overload(std::vector<std::string> values) {
  return fmt::format("List:[{}]", fmt::join(values, ", "));
}

Task<sofa::hessian::TreeMap<std::string, Date>> Accounts::nothing() {
  return sofa::hessian::TreeMap<std::string, Date>();
}

}  // namespace bank
