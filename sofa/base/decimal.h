// Decimal: java.math.BigDecimal, exact decimal numbers for money: an integer of any size and a 32-bit scale, whose
// value is unscaled × 10^-scale.
//
//   SOFA_TRY(auto balance, Decimal::parse("1000.50"));
//   SOFA_TRY(auto share, (balance - Decimal(50, 2)).divide(Decimal(3), 2, RoundingMode::kHalfEven));
//   share.to_string()                                   // "333.33"
//
// 1.0 and 1.00 are equal (==, <=>, std::hash go by value); `identical` also compares the scale, as Java's equals does.
// Sums, differences and products are exact. Where Java raises ArithmeticException, a function that returns a Result
// gives its NumberError and an operator throws it as Error; that is: division by zero, kUnnecessary rounding that would
// round, a scale beyond 32 bits, and (ours alone) a change of scale by more than kMaxShift digits, so that 1E+999999999
// + 1 cannot take the machine.
// A value whose unscaled part fits in 64 bits allocates nothing. Ownership: a value. Threads: as int.
#pragma once

#include "sofa/base/big_integer.h"

namespace sofa {

/// How to round what does not fit: java.math.RoundingMode, with its ordinals.
enum class RoundingMode : std::uint8_t { kUp, kDown, kCeiling, kFloor, kHalfUp, kHalfDown, kHalfEven, kUnnecessary };

class Decimal {
 public:
  /// Limit on the digits of a text, BigInteger's; and on the scale that it may ask for, either way.
  static constexpr std::size_t kMaxDigits = BigInteger::kMaxDigits;
  static constexpr std::int32_t kMaxParsedScale = 10'000;
  /// Limit on the digits by which one operation changes a scale.
  static constexpr std::int64_t kMaxShift = 50'000;

  Decimal() noexcept = default;
  Decimal(std::int64_t unscaled, std::int32_t scale = 0) noexcept : unscaled_(unscaled), scale_(scale) {}  // NOLINT
  explicit Decimal(BigInteger unscaled, std::int32_t scale = 0) noexcept
      : unscaled_(std::move(unscaled)), scale_(scale) {}

  /// Every form that BigDecimal(String) takes (`-1`, `+.5`, `7.`, `1.5e-3`), in ASCII digits, within the limits above.
  static Result<Decimal> parse(std::string_view text);

  /// BigDecimal.toString(), to the character: scientific below 10^-6 and for negative scales.
  std::string to_string() const;
  /// BigDecimal.toPlainString(): never an exponent. Throws for a scale that would write more than kMaxShift zeros.
  std::string to_plain_string() const;

  const BigInteger& unscaled() const noexcept { return unscaled_; }
  std::int32_t scale() const noexcept { return scale_; }
  /// Digits of the unscaled value, at least 1.
  std::size_t precision() const { return unscaled_.digits(); }
  int signum() const noexcept { return unscaled_.signum(); }
  /// The value as an integer of 64 bits, where it is one.
  std::optional<std::int64_t> to_int64_exact() const;

  Decimal negate() const { return Decimal(unscaled_.negate(), scale_); }
  Decimal abs() const { return Decimal(unscaled_.abs(), scale_); }

  /// Scale: the larger of both.
  friend Decimal operator+(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a, const Decimal& b);
  /// Scale: the sum of both.
  friend Decimal operator*(const Decimal& a, const Decimal& b);
  friend Decimal operator-(const Decimal& a) { return a.negate(); }
  Decimal& operator+=(const Decimal& other) { return *this = *this + other; }
  Decimal& operator-=(const Decimal& other) { return *this = *this - other; }
  Decimal& operator*=(const Decimal& other) { return *this = *this * other; }

  /// this / divisor with the given scale.
  Result<Decimal> divide(const Decimal& divisor, std::int32_t scale, RoundingMode mode) const;
  /// The same value with another scale, rounded where digits go.
  Result<Decimal> set_scale(std::int32_t scale, RoundingMode mode = RoundingMode::kUnnecessary) const;
  /// Rounded to that many significant digits; 0 leaves it as it is (BigDecimal.round(MathContext)).
  Result<Decimal> round(std::size_t precision, RoundingMode mode) const;
  /// Without trailing zeros; zero becomes 0 with scale 0.
  Decimal strip_trailing_zeros() const;

  /// By value: BigDecimal.compareTo.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }
  /// By value and scale: BigDecimal.equals.
  bool identical(const Decimal& other) const noexcept { return scale_ == other.scale_ && unscaled_ == other.unscaled_; }
  /// BigDecimal.hashCode(), which goes with `identical`.
  std::int32_t hash_code() const noexcept;

  friend std::ostream& operator<<(std::ostream& out, const Decimal& value);

 private:
  BigInteger unscaled_;
  std::int32_t scale_ = 0;
};

}  // namespace sofa

/// Goes with ==: equal values of different scales hash alike.
template <>
struct std::hash<sofa::Decimal> {
  std::size_t operator()(const sofa::Decimal& value) const {
    return static_cast<std::size_t>(value.strip_trailing_zeros().hash_code());
  }
};

template <>
struct fmt::formatter<sofa::Decimal> : fmt::formatter<std::string_view> {
  fmt::format_context::iterator format(const sofa::Decimal& value, fmt::format_context& context) const;
};
