#include <memory>

#include "bench/boot/counter_service.h"
#include "sofa/boot/module.h"

namespace bench {

class Counter final : public CounterService {
 public:
  sofa::Task<std::int64_t> add(std::int64_t n) override { return n + BENCH_VERSION; }
};

class CounterModule final : public sofa::Module {
  sofa::Task<void> start(sofa::ModuleContext& context) override {
    context.publish<CounterService>(std::make_shared<Counter>());
    co_return;
  }
};

}  // namespace bench

SOFA_MODULE(bench::CounterModule)
