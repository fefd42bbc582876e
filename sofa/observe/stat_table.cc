#include "sofa/observe/stat_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sofa::observe {
namespace {

constexpr std::string_view kOtherApp = "other";
constexpr std::size_t kLeast = 8;
constexpr std::size_t kMost = 32768;
// The rows of all others: two sides, done and failed. They always find room.
constexpr std::size_t kLastRows = 4;
// Kept free for the methods' rows of `other`, as a share of all.
constexpr std::size_t kReserve = 4;

std::uint64_t hash_of(std::uint64_t numbers, std::string_view app) {
  std::uint64_t hash = numbers * 0x9e3779b97f4a7c15;
  for (std::size_t at = 0; at < app.size(); at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, app.data() + at, std::min(sizeof(word), app.size() - at));
    hash = (std::rotl(hash, 23) ^ word) * 0x9e3779b97f4a7c15;
  }
  return hash ^ hash >> 32;
}

}  // namespace

StatTable::StatTable(std::size_t capacity)
    : capacity_(std::clamp(capacity, kLeast, kMost)),
      rows_(std::make_unique<Row[]>(capacity_)),
      places_(std::bit_ceil(capacity_ * 2)) {}

StatTable::Row& StatTable::row(Side side, MethodId method, std::string_view app, bool success) noexcept {
  app = app.substr(0, 63);
  const std::uint64_t numbers = std::uint64_t{method} << 2 | static_cast<std::uint64_t>(side) << 1 | (success ? 1 : 0);
  std::size_t at = hash_of(numbers, app);
  for (;; ++at) {
    const std::uint16_t place = places_[at & (places_.size() - 1)];
    if (place == 0) break;
    Row& found = rows_[place - 1u];
    const bool is_it = found.method == method && found.side == side && found.success == success;
    if (is_it && found.remote_app.view() == app) return found;
  }
  const std::size_t used = used_.load(std::memory_order_relaxed);
  const bool is_other = app == kOtherApp;
  const std::size_t kept_free = is_other ? kLastRows : std::max(kLastRows, capacity_ / kReserve);
  if (used + kept_free >= capacity_ && !(is_other && method == kOtherMethod)) {
    return row(side, is_other ? kOtherMethod : method, kOtherApp, success);
  }
  Row& made = rows_[used];
  made.side = side;
  made.success = success;
  made.method = method;
  made.remote_app.assign(app);
  places_[at & (places_.size() - 1)] = static_cast<std::uint16_t>(used + 1);
  used_.store(used + 1, std::memory_order_release);
  return made;
}

}  // namespace sofa::observe
