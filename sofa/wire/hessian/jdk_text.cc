#include "sofa/wire/hessian/jdk_text.h"

#include <algorithm>
#include <array>

#include "sofa/base/big_integer.h"
#include "sofa/base/date.h"

namespace sofa::hessian {
namespace {

/// A fraction of a second as the JDK prints it: nothing, or 3, 6 or 9 digits.
std::string nanos_text(std::int64_t nanos) {
  if (nanos == 0) return {};
  if (nanos % 1'000'000 == 0) return fmt::format(".{:03}", nanos / 1'000'000);
  if (nanos % 1000 == 0) return fmt::format(".{:06}", nanos / 1000);
  return fmt::format(".{:09}", nanos);
}

std::string without_trailing_zeros(std::string text) {
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string sql_text(const Value& value) {
  const std::string iso = Date{value["value"].as_date_ms()}.to_string();  // yyyy-mm-ddThh:mm:ss.mmmZ
  const std::size_t t = iso.find('T');
  if (value.class_name() == "java.sql.Date") return iso.substr(0, t);
  if (value.class_name() == "java.sql.Time") return iso.substr(t + 1, 8);
  std::string fraction = without_trailing_zeros(iso.substr(t + 9, 4));
  if (fraction == ".") fraction = ".0";
  return iso.substr(0, t) + " " + iso.substr(t + 1, 8) + fraction;
}

std::string date_text(const Value& value) {
  return fmt::format("{:04}-{:02}-{:02}", value["year"].as_int(), value["month"].as_int(), value["day"].as_int());
}

std::string time_text(const Value& value) {
  std::string text = fmt::format("{:02}:{:02}", value["hour"].as_int(), value["minute"].as_int());
  const std::int64_t nano = value["nano"].as_int();
  if (value["second"].as_int() != 0 || nano != 0)
    text += fmt::format(":{:02}{}", value["second"].as_int(), nanos_text(nano));
  return text;
}

std::string instant_text(const Value& value) {
  // Out of the range of milliseconds nothing sensible can be said.
  constexpr std::int64_t kMost = INT64_MAX / 1000 - 1;
  const std::int64_t seconds = std::clamp(value["seconds"].as_int(), -kMost, kMost);
  std::string iso = Date{seconds * 1000}.to_string();
  return iso.substr(0, iso.size() - 5) + nanos_text(value["nanos"].as_int()) + "Z";
}

std::string duration_text(const Value& value) {
  const std::int64_t seconds = value["seconds"].as_int();
  const std::int64_t nanos = value["nanos"].as_int();
  if (seconds == 0 && nanos == 0) return "PT0S";
  // A negative duration holds whole seconds below it and a positive rest; the text counts towards zero.
  const std::int64_t towards_zero = seconds < 0 && nanos > 0 ? seconds + 1 : seconds;
  const std::int64_t rest = seconds < 0 && nanos > 0 ? 1'000'000'000 - nanos : nanos;
  std::string text = "PT";
  if (towards_zero / 3600 != 0) text += fmt::format("{}H", towards_zero / 3600);
  if (towards_zero / 60 % 60 != 0) text += fmt::format("{}M", towards_zero / 60 % 60);
  const std::int64_t left = towards_zero % 60;
  if (left == 0 && rest == 0) return text;
  if (left == 0 && seconds < 0) text += "-";
  text += fmt::format("{}", left);
  if (rest != 0) text += without_trailing_zeros(fmt::format(".{:09}", rest));
  return text + "S";
}

std::string big_integer_text(const Value& value) {
  std::vector<std::uint32_t> words;
  const Value mag = value["mag"];
  for (std::size_t i = 0; i < mag.size(); ++i) words.push_back(static_cast<std::uint32_t>(mag.at(i).as_int()));
  const auto made = BigInteger::from_magnitude(static_cast<int>(value["signum"].as_int()), words);
  return made ? made->to_string() : "?";
}

std::string uuid_text(const Value& value) {
  const auto most = static_cast<std::uint64_t>(value["mostSigBits"].as_int());
  const auto least = static_cast<std::uint64_t>(value["leastSigBits"].as_int());
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", most >> 32, most >> 16 & 0xffff, most & 0xffff, least >> 48,
                     least & 0xffffffffffffU);
}

std::string field_text(const Value& value) {
  const Value field = value.at(0);
  return field.is_number() ? fmt::format("{}", field.as_int()) : std::string(field.as_string());
}
std::string class_text(const Value& value) {
  return "class " + field_text(value);
}
std::string date_time_text(const Value& value) {
  return date_text(value["date"]) + "T" + time_text(value["time"]);
}
std::string calendar_text(const Value& value) {
  return Date{value["date"].as_date_ms()}.to_string();
}

struct Row {
  std::string_view wire;
  std::string_view java;
  std::string (*text)(const Value&);
};
constexpr std::array kRows = std::to_array<Row>({
    {"java.math.BigInteger", "java.math.BigInteger", big_integer_text},
    {"java.sql.Date", "java.sql.Date", sql_text},
    {"java.sql.Time", "java.sql.Time", sql_text},
    {"java.sql.Timestamp", "java.sql.Timestamp", sql_text},
    {"com.caucho.hessian.io.CalendarHandle", "java.util.GregorianCalendar", calendar_text},
    {"com.caucho.hessian.io.LocaleHandle", "java.util.Locale", field_text},
    {"java.lang.Class", "java.lang.Class", class_text},
    {"java.io.File", "java.io.File", field_text},
    {"java.util.UUID", "java.util.UUID", uuid_text},
    {"java.util.concurrent.atomic.AtomicInteger", "java.util.concurrent.atomic.AtomicInteger", field_text},
    {"java.util.concurrent.atomic.AtomicLong", "java.util.concurrent.atomic.AtomicLong", field_text},
    {"java.util.concurrent.atomic.AtomicBoolean", "java.util.concurrent.atomic.AtomicBoolean", field_text},
    {"com.caucho.hessian.io.java8.LocalDateHandle", "java.time.LocalDate", date_text},
    {"com.caucho.hessian.io.java8.LocalTimeHandle", "java.time.LocalTime", time_text},
    {"com.caucho.hessian.io.java8.LocalDateTimeHandle", "java.time.LocalDateTime", date_time_text},
    {"com.caucho.hessian.io.java8.InstantHandle", "java.time.Instant", instant_text},
    {"com.caucho.hessian.io.java8.DurationHandle", "java.time.Duration", duration_text},
    {"com.caucho.hessian.io.java8.ZoneIdHandle", "java.time.ZoneRegion", field_text},
});

}  // namespace

std::optional<JdkText> jdk_text(const Value& value) {
  for (const Row& row : kRows) {
    if (value.kind() == Kind::kObject && value.class_name() == row.wire) {
      return JdkText{std::string(row.java), row.text(value)};
    }
  }
  return std::nullopt;
}

}  // namespace sofa::hessian
