#include "sofa/net/http_date.h"

#include <algorithm>
#include <chrono>

#include <fmt/core.h>

namespace sofa::net {

std::string_view HttpDate::text(std::chrono::sys_time<std::chrono::milliseconds> now) {
  using namespace std::chrono;
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::size_t kSize = 29;
  const sys_seconds second = floor<seconds>(now);
  if (second != second_) {
    second_ = second;
    const sys_days day = floor<days>(second);
    const year_month_day date(day);
    const hh_mm_ss time(second - day);
    const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
    fmt::format_to_n(text_, kSize, "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1], year,
                     time.hours().count(), time.minutes().count(), time.seconds().count());
  }
  return {text_, kSize};
}

}  // namespace sofa::net
