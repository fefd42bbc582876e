// Runs a scenario over many seeds: none may find a fault, and each planted bug must be found by one of the first 1 000.
//
//   SOFA_SIM_SEEDS=20000 stream_sim_test         more seeds than ctest's (which also stops after a while)
//   SOFA_SIM_SEED=1234 stream_sim_test           one seed, as a failure prints it
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/sim/options.h"

namespace sofa::tests {

/// What one run of a scenario came to.
struct SimResult {
  std::optional<std::string> fault;  // what was found, if anything
  std::uint64_t trace_hash = 0;
  io::Duration simulated{};
};
using Scenario = std::function<SimResult(std::uint64_t seed)>;

/// A network whose buffers, and whose way to cut what is read and written, the seed decides.
io::sim::Options world_options(std::uint64_t seed);

/// Fails the test at the first seed that finds a fault, with how to run it again.
void expect_no_fault(const char* program, const Scenario& scenario);
/// Fails the test unless one of the seeds from 1 to 1 000 finds the mutant; prints which.
void expect_mutant_found(const char* mutant, const Scenario& scenario);
/// Fails the test unless these are the fault points (base/fault.h) of the program, and the seeds from 1 on have every
/// one of them strike; prints how often.
void expect_fault_points_struck(const std::vector<std::string_view>& names, const Scenario& scenario);
/// Fails the test unless two runs of a few seeds each have equal traces.
void expect_repeatable(const Scenario& scenario);

}  // namespace sofa::tests
