// Classes of the JDK as Hessian values: what the Java library writes for them, field for field (facts of the dialect).
// BigDecimal is sofa::Decimal, BigInteger sofa::BigInteger, java.util.Date sofa::Date; the others are plain structs.
#pragma once

#include <string>

#include "sofa/base/big_integer.h"
#include "sofa/base/date.h"
#include "sofa/base/decimal.h"
#include "sofa/wire/hessian/codec.h"
#include "sofa/wire/hessian/containers.h"

namespace sofa::hessian {

template <>
struct Codec<Decimal> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = true;
  static std::string array_type() { return "java.math.BigDecimal"; }
  static void encode(Writer& to, const Decimal& value);
  /// Takes integers and text too.
  static void decode(Reader& from, Decimal& value);
};

template <>
struct Codec<BigInteger> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = true;
  static std::string array_type() { return "java.math.BigInteger"; }
  /// As JDK 17's class; its cached numbers are sent as 0.
  static void encode(Writer& to, const BigInteger& value);
  static void decode(Reader& from, BigInteger& value);
};

template <>
struct Codec<Date> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static std::string array_type() { return "date"; }
  static void encode(Writer& to, const Date& value) { to.write_date(value.milliseconds); }
  static void decode(Reader& from, Date& value) { value.milliseconds = from.read_date(); }
};

/// java.sql's dates, to the millisecond.
struct SqlDate {
  static constexpr auto java_class = "java.sql.Date";
  Date value;
  bool operator==(const SqlDate&) const = default;
};
struct SqlTime {
  static constexpr auto java_class = "java.sql.Time";
  Date value;
  bool operator==(const SqlTime&) const = default;
};
struct SqlTimestamp {
  static constexpr auto java_class = "java.sql.Timestamp";
  Date value;
  bool operator==(const SqlTimestamp&) const = default;
};

/// java.util.Calendar; the zone is not sent.
struct Calendar {
  static constexpr auto java_class = "com.caucho.hessian.io.CalendarHandle";
  static constexpr auto java_signature = "java.util.Calendar";
  struct Type {  // a java.lang.Class; null for the GregorianCalendar
    static constexpr auto java_class = "java.lang.Class";
    std::string name;
    bool operator==(const Type&) const = default;
  };
  std::optional<Type> type;
  Date date;
  bool operator==(const Calendar&) const = default;
};

struct Locale {
  static constexpr auto java_class = "com.caucho.hessian.io.LocaleHandle";
  static constexpr auto java_signature = "java.util.Locale";
  std::string value;  ///< "zh_CN"
  bool operator==(const Locale&) const = default;
};

/// java.lang.Class: only its name; nothing is loaded.
struct Class {
  static constexpr auto java_class = "java.lang.Class";
  std::string name;  ///< "java.lang.String", "[I"
  bool operator==(const Class&) const = default;
};

struct File {
  static constexpr auto java_class = "java.io.File";
  std::string value;
  bool operator==(const File&) const = default;
};

struct Uuid {
  static constexpr auto java_class = "java.util.UUID";
  std::int64_t most_sig_bits = 0;
  std::int64_t least_sig_bits = 0;
  bool operator==(const Uuid&) const = default;
};

struct AtomicInteger {
  static constexpr auto java_class = "java.util.concurrent.atomic.AtomicInteger";
  std::int32_t value = 0;
  bool operator==(const AtomicInteger&) const = default;
};
struct AtomicLong {
  static constexpr auto java_class = "java.util.concurrent.atomic.AtomicLong";
  std::int64_t value = 0;
  bool operator==(const AtomicLong&) const = default;
};
struct AtomicBoolean {
  static constexpr auto java_class = "java.util.concurrent.atomic.AtomicBoolean";
  std::int32_t value = 0;  ///< 0 or 1: the class's own field
  bool operator==(const AtomicBoolean&) const = default;
};
struct AtomicIntegerArray {
  static constexpr auto java_class = "java.util.concurrent.atomic.AtomicIntegerArray";
  Array<std::int32_t> array;
  bool operator==(const AtomicIntegerArray&) const = default;
};
struct AtomicLongArray {
  static constexpr auto java_class = "java.util.concurrent.atomic.AtomicLongArray";
  Array<std::int64_t> array;
  bool operator==(const AtomicLongArray&) const = default;
};

struct LocalDate {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.LocalDateHandle";
  static constexpr auto java_signature = "java.time.LocalDate";
  std::int32_t year = 1970;
  std::int32_t month = 1;
  std::int32_t day = 1;
  bool operator==(const LocalDate&) const = default;
};
struct LocalTime {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.LocalTimeHandle";
  static constexpr auto java_signature = "java.time.LocalTime";
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::int32_t nano = 0;
  bool operator==(const LocalTime&) const = default;
};
struct LocalDateTime {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.LocalDateTimeHandle";
  static constexpr auto java_signature = "java.time.LocalDateTime";
  LocalDate date;
  LocalTime time;
  bool operator==(const LocalDateTime&) const = default;
};
struct Instant {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.InstantHandle";
  static constexpr auto java_signature = "java.time.Instant";
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  bool operator==(const Instant&) const = default;
};
struct Duration {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.DurationHandle";
  static constexpr auto java_signature = "java.time.Duration";
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  bool operator==(const Duration&) const = default;
};
struct ZoneId {
  static constexpr auto java_class = "com.caucho.hessian.io.java8.ZoneIdHandle";
  static constexpr auto java_signature = "java.time.ZoneId";
  std::string zone_id;  ///< "Asia/Shanghai"
  bool operator==(const ZoneId&) const = default;
};

}  // namespace sofa::hessian
