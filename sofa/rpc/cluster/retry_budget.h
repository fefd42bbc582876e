// RetryBudget: how many of a reference's calls may be sent again. When everything fails, retries would only add load.
//
//   budget.deposit();                                 // each first attempt brings a tenth of a retry
//   if (budget.withdraw(now)) …                       // and a retry costs a whole one
//
// Besides, a few retries a second are always there, for references with little traffic. In integers: a thousandth of a
// retry is the unit. One shard's thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sofa/io/env.h"

namespace sofa::rpc {

class RetryBudget {
 public:
  struct Options {
    /// Of a retry, for each first attempt.
    double ratio = 0.1;
    std::uint32_t least_per_second = 10;
    /// What may be saved up.
    std::uint32_t most = 100;
  };

  explicit RetryBudget(const Options& options)
      : deposit_(static_cast<std::int64_t>(std::clamp(options.ratio, 0.0, 10.0) * kUnit)),
        least_(options.least_per_second),
        most_(std::int64_t{options.most} * kUnit) {}

  void deposit() { saved_ = std::min(saved_ + deposit_, most_); }
  bool withdraw(io::TimePoint now) {
    if (saved_ >= kUnit) {
      saved_ -= kUnit;
      return true;
    }
    const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    if (second != second_) {
      second_ = second;
      used_ = 0;
    }
    if (used_ >= least_) return false;
    ++used_;
    return true;
  }

 private:
  static constexpr std::int64_t kUnit = 1000;
  const std::int64_t deposit_;
  const std::uint32_t least_;
  const std::int64_t most_;
  std::int64_t saved_ = 0;
  std::int64_t second_ = -1;
  std::uint32_t used_ = 0;
};

}  // namespace sofa::rpc
