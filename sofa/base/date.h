// Date: java.util.Date, a moment in milliseconds since 1970-01-01T00:00:00Z, as a type of its own so that a codec and a
// reader can tell it from a number.
//
//   Date paid = Date::parse("2024-02-29T12:30:00.250+08:00").value();
//   paid.to_string()                        // "2024-02-29T04:30:00.250Z"
//   paid.time()                             // std::chrono::sys_time<std::chrono::milliseconds>
//
// Pure: it reads no clock, no locale and no time zone; the current time comes from io::Env.
// Ownership: a value. Threads: as int. Errors: DateError.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "sofa/base/chrono.h"
#include "sofa/base/error.h"

namespace sofa {

enum class DateError { kMalformed = 1 };
const ErrorPart& error_part(DateError);

struct Date {
  /// Milliseconds since the epoch, negative before it: Date.getTime().
  std::int64_t milliseconds = 0;

  using Time = std::chrono::sys_time<std::chrono::milliseconds>;

  static Date from(Time time) noexcept { return {time.time_since_epoch().count()}; }
  Time time() const noexcept { return Time(std::chrono::milliseconds(milliseconds)); }

  /// ISO-8601: a date, or a date and time joined by `T` or a space, with optional seconds and fraction (digits beyond
  /// milliseconds are dropped), then `Z`, `+hh:mm`, `-hh:mm`, `+hhmm` or nothing, which means UTC. Years 0000 to 9999.
  static Result<Date> parse(std::string_view text);

  /// `2024-02-29T04:30:00.250Z`, as Instant.toString() with all three digits. Years outside 0000–9999 have a sign and
  /// as many digits as they need.
  std::string to_string() const;

  friend auto operator<=>(const Date&, const Date&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Date& date);
};

}  // namespace sofa

template <>
struct std::hash<sofa::Date> {
  std::size_t operator()(const sofa::Date& date) const noexcept { return std::hash<std::int64_t>()(date.milliseconds); }
};

template <>
struct fmt::formatter<sofa::Date> : fmt::formatter<std::string_view> {
  fmt::format_context::iterator format(const sofa::Date& date, fmt::format_context& context) const;
};
