// The bank's books: accounts that are made on first use with 1000.00, as its Java and Node members keep them.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "examples/bank/services.h"

namespace bank {

/// Threads: any; a transfer moves money under one lock, so no reader ever sees half of it.
class Accounts final : public AccountService {
 public:
  Task<TransferResult> transfer(TransferRequest request) override;
  Task<Decimal> get_balance(std::string account) override;
  Task<Decimal> withdraw(std::string account, Decimal amount) override;
  Task<void> fail(std::string kind) override;
  Task<std::string> primitives(bool z, std::int8_t b, std::int16_t s, std::int32_t i, std::int64_t l, float f, double d,
                               char16_t c, Array<std::int32_t> is, Array<std::optional<std::string>> ss) override;
  Task<std::shared_ptr<Node>> graph(std::shared_ptr<Node> root) override { return root; }
  Task<std::shared_ptr<AllTypes>> all(std::shared_ptr<AllTypes> value) override { return value; }
  Task<Value> any(Value value) override { return value; }
  Task<std::string> overload(std::int32_t value) override;
  Task<std::string> overload(std::string value) override;
  Task<std::string> overload(std::vector<std::string> values) override;
  Task<sofa::hessian::TreeMap<std::string, Date>> nothing() override;

 private:
  Decimal& of(const std::string& account);

  std::mutex mutex_;
  std::unordered_map<std::string, Decimal> books_;
};

}  // namespace bank
