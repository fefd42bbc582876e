#include "sofa/base/date.h"

#include <chrono>
#include <optional>
#include <ostream>

#include <fmt/format.h>

namespace sofa {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kEraDays = 146'097;  // 400 years

struct Civil {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// std::chrono's year is 16 bits wide; a Date reaches 292 million years, so whole eras are split off first.
Civil civil_of(std::int64_t days) {
  const std::int64_t era = days >= 0 ? days / kEraDays : -((-days - 1) / kEraDays) - 1;
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(days - era * kEraDays)));
  return {static_cast<int>(date.year()) + era * 400, static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

/// Reads a text from its front; every step says whether it matched.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<int> number(std::size_t digits) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<std::int64_t> read_day(Reader& in) {
  auto year = in.number(4);
  if (!year || !in.skip('-')) return std::nullopt;
  auto month = in.number(2);
  if (!month || !in.skip('-')) return std::nullopt;
  auto day = in.number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

/// hh:mm[:ss[.fraction]] in milliseconds.
std::optional<std::int64_t> read_time(Reader& in) {
  auto hour = in.number(2);
  if (!hour || *hour > 23 || !in.skip(':')) return std::nullopt;
  auto minute = in.number(2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t ms = (*hour * 60 + *minute) * std::int64_t{60'000};
  if (!in.skip(':')) return ms;
  auto second = in.number(2);
  if (!second || *second > 59) return std::nullopt;
  ms += *second * 1000;
  if (!in.skip('.')) return ms;
  if (!in.at_digit()) return std::nullopt;
  for (int place = 100; in.at_digit(); place /= 10) ms += place * *in.number(1);
  return ms;
}

/// The zone's offset east of UTC in milliseconds; an absent zone is UTC.
std::optional<std::int64_t> read_zone(Reader& in) {
  if (in.skip('Z') || in.done()) return 0;
  const bool west = in.skip('-');
  if (!west && !in.skip('+')) return std::nullopt;
  auto hours = in.number(2);
  in.skip(':');
  auto minutes = in.number(2);
  if (!hours || !minutes || *hours > 18 || *minutes > 59) return std::nullopt;
  const std::int64_t ms = (*hours * 60 + *minutes) * std::int64_t{60'000};
  return west ? -ms : ms;
}

std::optional<Date> read(Reader in) {
  auto day = read_day(in);
  if (!day) return std::nullopt;
  if (in.done()) return Date{*day * kDayMs};
  if (!in.skip('T') && !in.skip(' ')) return std::nullopt;
  auto time = read_time(in);
  if (!time) return std::nullopt;
  auto zone = read_zone(in);
  if (!zone || !in.done()) return std::nullopt;
  return Date{*day * kDayMs + *time - *zone};
}

}  // namespace

const ErrorPart& error_part(DateError) {
  static const ErrorPart part{"date", [](int) -> std::string_view { return "malformed"; }};
  return part;
}

Result<Date> Date::parse(std::string_view text) {
  if (auto date = read(Reader(text))) return *date;
  return fail(DateError::kMalformed, "'{}' is not a date: write it as 2024-02-29T12:30:00.250Z", text.substr(0, 64));
}

std::string Date::to_string() const {
  const std::int64_t rest = milliseconds % kDayMs;
  const std::int64_t days = milliseconds / kDayMs - (rest < 0 ? 1 : 0);
  const std::int64_t ms = rest < 0 ? rest + kDayMs : rest;
  const Civil civil = civil_of(days);
  const bool plain = civil.year >= 0 && civil.year <= 9999;
  return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     plain ? fmt::format("{:04}", civil.year) : fmt::format("{:+05}", civil.year), civil.month,
                     civil.day, ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
}

std::ostream& operator<<(std::ostream& out, const Date& date) {
  return out << date.to_string();
}

}  // namespace sofa

auto fmt::formatter<sofa::Date>::format(const sofa::Date& date, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<std::string_view>::format(date.to_string(), context);
}
