#include "examples/bank/bank.h"

#include <memory>

#include "examples/bank/accounts.h"
#include "examples/bank/echo.h"

namespace bank {

void publish(sofa::Context& context) {
  context.publish<AccountService>(std::make_shared<Accounts>());
  context.publish<EchoService>(std::make_shared<Echo>());
}

}  // namespace bank
