// Points for customers.
#include "sofa/boot/module.h"

#include <memory>
#include <mutex>
#include <unordered_map>

#include "examples/bank/point_service.h"

namespace bank {

using sofa::Task;

/// Threads: any.
class Points final : public PointService {
 public:
  Task<std::int64_t> add(std::string account, std::int64_t points) override {
    const std::lock_guard lock(mutex_);
    return points_[account] += points;
  }
  Task<std::int64_t> get_points(std::string account) override {
    const std::lock_guard lock(mutex_);
    const auto found = points_.find(account);
    return found == points_.end() ? 0 : found->second;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::int64_t> points_;
};

class PointsModule final : public sofa::Module {
  Task<void> start(sofa::ModuleContext& context) override {
    context.publish<PointService>(std::make_shared<Points>());
    co_return;
  }
};

}  // namespace bank

SOFA_MODULE(bank::PointsModule)
