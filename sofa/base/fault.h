// Fault points: places in product code where a failure that the outside can cause is forced, at random times of a seed.
//
//   if (SOFA_FAULT("accept-no-handles")) return fail(IoError::kNoHandles, "no descriptor is free");
//
//   const ArmedFaults armed(seed);          // in a simulated run: until it goes, points strike as the seed decides
//   for (FaultPoint* point = FaultPoint::first(); point; point = point->next()) report(point->name(), point->struck());
//
// As with mutants (mutant.h) the macro is the constant false without SOFA_MUTANTS. With it a point costs one load until
// a run has armed them. All points that are linked into a program are known from its start, whether they are reached or
// not. Each has chances of its own: a third are idle in any one run, the others strike between 1 in 10 000 and 1 in 20
// times. Threads: arm only while one thread alone runs product code, as in io/sim.
#pragma once

#include <cstdint>

#ifdef SOFA_MUTANTS

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sofa {

class FaultPoint {
 public:
  explicit FaultPoint(std::string_view name) : name_(name), next_(std::exchange(first_, this)) {}
  FaultPoint(const FaultPoint&) = delete;
  FaultPoint& operator=(const FaultPoint&) = delete;

  static FaultPoint* first() { return first_; }
  FaultPoint* next() const { return next_; }
  std::string_view name() const { return name_; }
  /// How often it was reached while armed, and how often it struck, in all runs.
  std::uint64_t reached() const { return reached_; }
  std::uint64_t struck() const { return struck_; }

  static bool armed() { return armed_.load(std::memory_order_relaxed); }
  bool strikes() {
    ++reached_;
    if (next_number() % 1'000'000 >= in_a_million_) return false;
    ++struck_;
    return true;
  }

 private:
  friend class ArmedFaults;

  void prepare(std::uint64_t seed) {
    state_ = seed;
    for (const char c : name_) state_ = next_number() ^ static_cast<std::uint8_t>(c);
    const std::uint64_t choice = next_number() % 15;
    in_a_million_ = choice < 5 ? 0 : std::uint64_t{100} << (choice - 5);
  }
  /// splitmix64: equal on every machine.
  std::uint64_t next_number() {
    std::uint64_t x = state_ += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
  }

  static inline FaultPoint* first_ = nullptr;
  static inline std::atomic<bool> armed_{false};

  const std::string_view name_;
  FaultPoint* const next_;
  std::uint64_t state_ = 0;
  std::uint64_t in_a_million_ = 0;
  std::uint64_t reached_ = 0;
  std::uint64_t struck_ = 0;
};

class ArmedFaults {
 public:
  explicit ArmedFaults(std::uint64_t seed) {
    for (FaultPoint* point = FaultPoint::first(); point; point = point->next()) point->prepare(seed);
    FaultPoint::armed_.store(true, std::memory_order_relaxed);
  }
  ~ArmedFaults() { FaultPoint::armed_.store(false, std::memory_order_relaxed); }
  ArmedFaults(const ArmedFaults&) = delete;
  ArmedFaults& operator=(const ArmedFaults&) = delete;
};

namespace detail {
template <std::size_t N>
struct FaultName {
  consteval FaultName(const char (&name)[N]) { std::copy_n(name, N, text); }
  char text[N];
};
template <FaultName Name>
inline FaultPoint fault_point{std::string_view(Name.text)};
}  // namespace detail

}  // namespace sofa

#define SOFA_FAULT(name) (::sofa::FaultPoint::armed() && ::sofa::detail::fault_point<name>.strikes())

#else

namespace sofa {
struct ArmedFaults {
  explicit ArmedFaults(std::uint64_t) {}
  ~ArmedFaults() {}
};
}  // namespace sofa

#define SOFA_FAULT(name) (false)

#endif
