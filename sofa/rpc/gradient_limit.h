// GradientLimit: finds how many calls of a service may be under way at once, from how long they take.
//
//   GradientLimit limit({.most = 1000});
//   …                                       // at most limit.limit() calls at once, for a window of time
//   limit.close(mean_time, peak);           // what that window was like: the limit of the next one
//
// While calls take no more than half longer than they do with nearly nobody there, the limit grows by its square root;
// beyond that it shrinks in proportion, so that about one and a half times the calls are under way that the service can
// work on: it never idles, and nobody waits for long. It grows only where it is used. What calls take with nearly
// nobody there is measured in a window of a quarter of the limit: the first one, and one in 64. So a service that
// became slower or faster is found out, and the limit does not drift with the load that it shall contain.
//
// After the gradient algorithm of Netflix's concurrency-limits. Threads: one at a time. Pure: no clock.
#pragma once

#include <cstdint>

#include "sofa/io/env.h"

namespace sofa::rpc {

class GradientLimit {
 public:
  struct Options {
    std::uint32_t initial = 20;
    std::uint32_t most = 100'000;
    /// Of what a call takes with nearly nobody there: how much more is still no sign of too many.
    double tolerance = 1.5;
    int windows_between_probes = 64;
  };
  explicit GradientLimit(const Options& options);

  /// At least 1.
  std::uint32_t limit() const;
  /// Whether the window measures with few calls: those that began before it are not to be counted in.
  bool probing() const { return probing_; }
  /// A window ended: what its calls took, and how many were under way at the most.
  void close(io::Duration mean, std::uint32_t peak);

 private:
  void adapt(double mean, std::uint32_t peak);

  const Options options_;
  double limit_;
  double unloaded_ = 0;  // ns
  bool probing_ = true;
  bool starting_ = true;  // doubles until it was too much for the first time
  int windows_ = 0;
};

}  // namespace sofa::rpc
