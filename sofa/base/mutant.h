// Mutants: known bugs planted in product code, switched on by name, to prove that the checkers find them.
//
//   if (SOFA_MUTANT("partial-write-resent")) written = 0;
//
// Without SOFA_MUTANTS the macro is the constant false and the branch is gone: release builds carry none of it.
// With it (Debug and sanitized builds) it is true while `activate_mutant` names this one. Threads: switch mutants only
// while no other thread runs product code; reading is free of races.
#pragma once

#ifdef SOFA_MUTANTS

#include <atomic>
#include <string_view>

namespace sofa {
namespace detail {
inline std::atomic<const char*> active_mutant{nullptr};
}

/// Switches one mutant on, or with null all off. `name` must outlive its use (a literal).
inline void activate_mutant(const char* name) {
  detail::active_mutant.store(name, std::memory_order_relaxed);
}
inline bool mutant_active(std::string_view name) {
  const char* active = detail::active_mutant.load(std::memory_order_relaxed);
  return active != nullptr && name == active;
}

}  // namespace sofa

#define SOFA_MUTANT(name) (::sofa::mutant_active(name))

#else

#define SOFA_MUTANT(name) (false)

#endif
