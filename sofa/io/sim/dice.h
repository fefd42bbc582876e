// Dice: the only source of chance in the simulator: whole numbers from a 64-bit seed, equal on every machine and build.
//
// No floating point and no <random>: their results differ between libraries and optimization levels. `split` gives an
// independent stream for a part of the world, so that a draw more in one part does not change all the others.
#pragma once

#include <bit>
#include <cassert>
#include <cstdint>
#include <string_view>

#include "sofa/io/env.h"

namespace sofa::io::sim {

/// A 64-bit mix (the finalizer of splitmix64): every bit of the result depends on every bit of `x`.
constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// How long something takes: `least` plus up to `spread`, and now and then up to `slow` more.
struct Delay {
  Duration least{};
  Duration spread{};
  std::uint32_t slow_ppm = 0;  // chance of `slow`, in a million
  Duration slow{};
};

class Dice final : public Random {
 public:
  explicit Dice(std::uint64_t seed) {
    for (auto& word : state_) word = mix(seed += 0x9e3779b97f4a7c15ull);
  }

  /// xoshiro256**.
  std::uint64_t next() override {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// In [0, bound); 0 for a bound of 0.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  /// In [least, most].
  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    assert(least <= most);
    return least + below(most - least + 1);
  }
  Duration between(Duration least, Duration most) {
    return least + Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  bool chance(std::uint32_t in_a_million) { return in_a_million != 0 && below(1'000'000) < in_a_million; }
  Duration draw(const Delay& delay) {
    Duration result = delay.least + between(Duration::zero(), delay.spread);
    if (chance(delay.slow_ppm)) result += between(Duration::zero(), delay.slow);
    return result;
  }

  /// Independent dice for the part of the world called `label`.
  Dice split(std::string_view label) const {
    std::uint64_t seed = state_[0] ^ std::rotl(state_[3], 17);
    for (const char c : label) seed = mix(seed ^ static_cast<std::uint8_t>(c)) + 0x9e3779b97f4a7c15ull;
    return Dice(seed);
  }

 private:
  std::uint64_t state_[4];
};

}  // namespace sofa::io::sim
