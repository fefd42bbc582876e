#include "sofa/rpc/gradient_limit.h"

#include <algorithm>
#include <cmath>

#include "sofa/base/mutant.h"

namespace sofa::rpc {

GradientLimit::GradientLimit(const Options& options)
    : options_(options), limit_(std::min(options.initial, std::max(options.most, 1U))) {}

std::uint32_t GradientLimit::limit() const {
  return std::max(1U, static_cast<std::uint32_t>(probing_ ? limit_ / 4 : limit_));
}

void GradientLimit::close(io::Duration mean, std::uint32_t peak) {
  const double took = std::max(1.0, static_cast<double>(mean.count()));
  if (probing_) {
    unloaded_ = unloaded_ == 0 ? took : (unloaded_ + took) / 2;
    probing_ = false;
    windows_ = 0;
    return;
  }
  adapt(took, peak);
  probing_ = ++windows_ >= options_.windows_between_probes;
}

void GradientLimit::adapt(double mean, std::uint32_t peak) {
  if (peak < limit_ / 2) return;
  double gradient = std::clamp(options_.tolerance * unloaded_ / mean, 0.5, 1.0);
  if (SOFA_MUTANT("limit-never-shrinks")) gradient = 1;
  if (gradient < 1) starting_ = false;
  const double next = starting_ ? 3 * limit_ : limit_ * gradient + std::sqrt(limit_);
  limit_ = std::clamp((limit_ + next) / 2, 1.0, std::max(1.0, static_cast<double>(options_.most)));
}

}  // namespace sofa::rpc
