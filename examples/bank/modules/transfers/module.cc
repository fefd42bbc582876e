// Transfers: the one module of the bank that keeps nothing, so a new version of it takes over at any time.
#include "sofa/boot/module.h"

#include <memory>

#include "examples/bank/point_service.h"
#include "examples/bank/transfer_service.h"

namespace bank {

class Transfers final : public TransferService {
 public:
  explicit Transfers(sofa::ModuleContext& context)
      : accounts_(context.reference<AccountService>()),
        points_(context.reference<PointService>()),
        version_(context.version()),
        points_per_transfer_(context.setting<std::int64_t>("points_per_transfer")) {}

  Task<TransferResult> transfer(TransferRequest request) override {
    const std::string customer = request.from_account;
    TransferResult result = co_await accounts_->transfer(std::move(request));
    if (result.accepted) co_await points_->add(customer, points_per_transfer_);
    co_return result;
  }
  Task<std::string> version() override { return version_; }

 private:
  sofa::rpc::Reference<AccountService> accounts_;
  sofa::rpc::Reference<PointService> points_;
  const std::string version_;
  const std::int64_t points_per_transfer_;
};

class TransfersModule final : public sofa::Module {
  Task<void> start(sofa::ModuleContext& context) override {
    context.publish<TransferService>(std::make_shared<Transfers>(context));
    co_return;
  }
};

}  // namespace bank

SOFA_MODULE(bank::TransfersModule)
