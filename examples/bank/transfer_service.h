// Transfers as customers order them: money from one account to another, and points for it.
#pragma once

#include <string>

#include "examples/bank/services.h"

namespace bank {

class TransferService {
 public:
  using Throws = sofa::rpc::Throws<InsufficientFunds, Undeclared>;
  virtual ~TransferService() = default;
  virtual Task<TransferResult> transfer(TransferRequest request) = 0;
  /// Of the code that answers.
  virtual Task<std::string> version() = 0;
};

}  // namespace bank

SOFA_SERVICE(bank::TransferService, "dev.sofa.bank.TransferService", transfer, version)
SOFA_SERVICE_EXTERN(bank::TransferService)
