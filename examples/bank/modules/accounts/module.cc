// The bank's books.
#include "sofa/boot/module.h"

#include <memory>

#include "examples/bank/accounts.h"
#include "examples/bank/echo.h"

namespace bank {

class AccountsModule final : public sofa::Module {
  Task<void> start(sofa::ModuleContext& context) override {
    context.publish<AccountService>(std::make_shared<Accounts>());
    context.publish<EchoService>(std::make_shared<Echo>());
    co_return;
  }
};

}  // namespace bank

SOFA_MODULE(bank::AccountsModule)
