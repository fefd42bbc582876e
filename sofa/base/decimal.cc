#include "sofa/base/decimal.h"

#include <algorithm>
#include <limits>
#include <ostream>

#include <fmt/format.h>

namespace sofa {

namespace {

constexpr std::int64_t kMinScale = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kMaxScale = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t kSmallShift = 18;  // 10^18 fits in 64 bits, and times any 64-bit value in 128

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Result<std::int32_t> checked_scale(std::int64_t scale) {
  if (scale < kMinScale || scale > kMaxScale) {
    return fail(NumberError::kTooLarge, "a result's scale of {} is beyond 32 bits", scale);
  }
  return static_cast<std::int32_t>(scale);
}

Result<BigInteger> power(std::int64_t exponent) {
  if (exponent > Decimal::kMaxShift) {
    return fail(NumberError::kTooLarge, "a change of scale by {} digits was refused: the limit is {}", exponent,
                Decimal::kMaxShift);
  }
  return BigInteger::power_of_ten(static_cast<std::size_t>(exponent));
}

/// value × 10^shift, for shift >= 0.
Result<BigInteger> raised(const BigInteger& value, std::int64_t shift) {
  if (shift == 0 || value.signum() == 0) return value;
  SOFA_TRY(auto factor, power(shift));
  return value * factor;
}

/// Whether rounding moves a truncated quotient away from zero. `half` is the remainder's place: below, at or above half
/// of the divisor.
Result<bool> moves_up(RoundingMode mode, int sign, std::strong_ordering half, bool quotient_is_odd) {
  switch (mode) {
    case RoundingMode::kUp:
      return true;
    case RoundingMode::kDown:
      return false;
    case RoundingMode::kCeiling:
      return sign > 0;
    case RoundingMode::kFloor:
      return sign < 0;
    case RoundingMode::kHalfUp:
      return half >= 0;
    case RoundingMode::kHalfDown:
      return half > 0;
    case RoundingMode::kHalfEven:
      return half > 0 || (half == 0 && quotient_is_odd);
    case RoundingMode::kUnnecessary:
      break;
  }
  return fail(NumberError::kInexact, "rounding is necessary: pass a rounding mode");
}

Result<BigInteger> divide_rounded(const BigInteger& dividend, const BigInteger& divisor, RoundingMode mode) {
  SOFA_TRY(auto division, dividend.divide(divisor));
  auto& [quotient, remainder] = division;
  if (remainder.signum() == 0) return std::move(quotient);
  const int sign = dividend.signum() * divisor.signum();
  const bool odd = (quotient.to_bytes().back() & 1) != 0;
  SOFA_TRY(bool up, moves_up(mode, sign, remainder.abs() + remainder.abs() <=> divisor.abs(), odd));
  return up ? quotient + BigInteger(sign) : std::move(quotient);
}

/// a and b brought to the larger of both scales, then joined by `op`.
template <class Op>
Decimal aligned(const Decimal& a, const Decimal& b, Op op) {
  if (a.scale() == b.scale()) return Decimal(op(a.unscaled(), b.unscaled()), a.scale());
  const bool left_grows = a.scale() < b.scale();
  const std::int64_t shift = std::int64_t{std::max(a.scale(), b.scale())} - std::min(a.scale(), b.scale());
  auto grown = raised(left_grows ? a.unscaled() : b.unscaled(), shift);
  if (!grown) throw Error(grown.error());
  return left_grows ? Decimal(op(*grown, b.unscaled()), b.scale()) : Decimal(op(a.unscaled(), *grown), a.scale());
}

/// The exponent at the front of `text`, which has no 'e' any more.
Result<std::int64_t> parse_exponent(std::string_view text, std::string_view whole) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (char c : text) {
    if (!is_digit(c)) return fail(NumberError::kMalformed, "'{}' has a malformed exponent", whole.substr(0, 64));
    value = std::min(value * 10 + (c - '0'), kMaxScale);
  }
  if (text.empty()) return fail(NumberError::kMalformed, "'{}' ends in its exponent", whole.substr(0, 64));
  return negative ? -value : value;
}

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
  // A sign, the digits, a point, an exponent of at most eleven characters; leading zeros count as digits.
  if (text.size() > kMaxDigits + 16) {
    return fail(NumberError::kTooLarge, "a number of {} characters was refused: the limit is {} digits", text.size(),
                kMaxDigits);
  }
  const std::size_t e = text.find_first_of("eE");
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    SOFA_TRY(exponent, parse_exponent(text.substr(e + 1), text));
  }
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = mantissa.find('.');
  const std::size_t fraction = point == std::string_view::npos ? 0 : mantissa.size() - point - 1;
  std::string joined;
  std::string_view digits = mantissa;
  if (point != std::string_view::npos) {
    joined.reserve(mantissa.size());
    joined.append(mantissa.substr(0, point)).append(mantissa.substr(point + 1));
    digits = joined;
  }
  auto unscaled = BigInteger::parse(digits);
  if (!unscaled && unscaled.error().is(NumberError::kTooLarge)) return fail(unscaled.error());
  if (!unscaled || (fraction > 0 && !is_digit(mantissa[point + 1]))) {
    return fail(NumberError::kMalformed, "'{}' is not a decimal number: write it as -12.34 or 1.2E-7",
                text.substr(0, 64));
  }
  const std::int64_t scale = static_cast<std::int64_t>(fraction) - exponent;
  if (scale < -kMaxParsedScale || scale > kMaxParsedScale) {
    return fail(NumberError::kTooLarge, "'{}' has a scale of {}: the limit is {} either way", text.substr(0, 64), scale,
                kMaxParsedScale);
  }
  return Decimal(*std::move(unscaled), static_cast<std::int32_t>(scale));
}

std::string Decimal::to_string() const {
  std::string text = unscaled_.to_string();
  if (scale_ == 0) return text;
  const std::size_t sign = signum() < 0 ? 1 : 0;
  const auto digits = static_cast<std::int64_t>(text.size() - sign);
  const std::int64_t exponent = digits - 1 - scale_;
  if (scale_ > 0 && exponent >= -6) return to_plain_string();
  if (digits > 1) text.insert(sign + 1, 1, '.');
  if (exponent != 0) text += fmt::format(FMT_STRING("E{:+}"), exponent);
  return text;
}

std::string Decimal::to_plain_string() const {
  std::string text = unscaled_.to_string();
  const std::size_t sign = signum() < 0 ? 1 : 0;
  const std::size_t digits = text.size() - sign;
  const std::int64_t zeros = scale_ > 0      ? std::int64_t{scale_} - static_cast<std::int64_t>(digits)
                             : signum() == 0 ? 0
                                             : -std::int64_t{scale_};
  if (zeros > kMaxShift) {
    throw Error(NumberError::kTooLarge, fmt::format("{} in plain digits: the limit is {}", to_string(), kMaxShift));
  }
  if (scale_ <= 0) return text.append(static_cast<std::size_t>(zeros), '0');
  if (zeros < 0) return text.insert(text.size() - static_cast<std::size_t>(scale_), 1, '.');
  return text.insert(sign, "0." + std::string(static_cast<std::size_t>(zeros), '0'));
}

std::optional<std::int64_t> Decimal::to_int64_exact() const {
  auto whole = set_scale(0);
  return whole ? whole->unscaled_.to_int64() : std::nullopt;
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  return aligned(a, b, [](const auto& x, const auto& y) { return x + y; });
}

Decimal operator-(const Decimal& a, const Decimal& b) {
  return aligned(a, b, [](const auto& x, const auto& y) { return x - y; });
}

Decimal operator*(const Decimal& a, const Decimal& b) {
  auto scale = checked_scale(std::int64_t{a.scale_} + b.scale_);
  if (!scale) throw Error(scale.error());
  return Decimal(a.unscaled_ * b.unscaled_, *scale);
}

Result<Decimal> Decimal::divide(const Decimal& divisor, std::int32_t scale, RoundingMode mode) const {
  if (divisor.signum() == 0) return fail(NumberError::kDivisionByZero, "{} divided by zero", to_string());
  const std::int64_t shift = std::int64_t{scale} + divisor.scale_ - scale_;
  SOFA_TRY(auto left, raised(unscaled_, std::max<std::int64_t>(shift, 0)));
  SOFA_TRY(auto right, raised(divisor.unscaled_, std::max<std::int64_t>(-shift, 0)));
  SOFA_TRY(auto quotient, divide_rounded(left, right, mode));
  return Decimal(std::move(quotient), scale);
}

Result<Decimal> Decimal::set_scale(std::int32_t scale, RoundingMode mode) const {
  const std::int64_t shift = std::int64_t{scale} - scale_;
  if (shift >= 0 || signum() == 0) {
    SOFA_TRY(auto unscaled, raised(unscaled_, std::max<std::int64_t>(shift, 0)));
    return Decimal(std::move(unscaled), scale);
  }
  SOFA_TRY(auto divisor, power(-shift));
  SOFA_TRY(auto unscaled, divide_rounded(unscaled_, divisor, mode));
  return Decimal(std::move(unscaled), scale);
}

Result<Decimal> Decimal::round(std::size_t precision, RoundingMode mode) const {
  Decimal rounded = *this;
  // Twice at most: 9.99 rounds to 10.0, which has a digit too many again.
  for (std::size_t digits = rounded.precision(); precision > 0 && digits > precision; digits = rounded.precision()) {
    SOFA_TRY(auto scale, checked_scale(rounded.scale_ - static_cast<std::int64_t>(digits - precision)));
    SOFA_TRY(rounded, rounded.set_scale(scale, mode));
  }
  return rounded;
}

Decimal Decimal::strip_trailing_zeros() const {
  if (signum() == 0) return Decimal();
  Decimal stripped = *this;
  // Large steps first: a value of ten thousand zeros takes some dozen divisions, not ten thousand.
  for (std::size_t step = std::bit_floor(precision()); step > 0;) {
    auto division = stripped.unscaled_.divide(BigInteger::power_of_ten(step));
    if (division->remainder.signum() == 0 && stripped.scale_ >= kMinScale + static_cast<std::int64_t>(step)) {
      stripped = Decimal(std::move(division->quotient), stripped.scale_ - static_cast<std::int32_t>(step));
    } else {
      step /= 2;
    }
  }
  return stripped;
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.scale_ == b.scale_) return a.unscaled_ <=> b.unscaled_;
  if (a.signum() != b.signum() || a.signum() == 0) return a.signum() <=> b.signum();
  const std::int64_t shift = std::int64_t{a.scale_} - b.scale_;
  const auto small_a = a.unscaled_.to_int64();
  const auto small_b = b.unscaled_.to_int64();
  if (small_a && small_b && shift >= -kSmallShift && shift <= kSmallShift) {
    const std::int64_t factor = *BigInteger::power_of_ten(static_cast<std::size_t>(std::abs(shift))).to_int64();
    return shift < 0 ? static_cast<__int128>(*small_a) * factor <=> *small_b
                     : *small_a <=> static_cast<__int128>(*small_b) * factor;
  }
  const std::int64_t exponent_a = static_cast<std::int64_t>(a.precision()) - a.scale_;
  const std::int64_t exponent_b = static_cast<std::int64_t>(b.precision()) - b.scale_;
  if (exponent_a != exponent_b)
    return (exponent_a <=> exponent_b) == (a.signum() <=> 0) ? std::strong_ordering::greater
                                                             : std::strong_ordering::less;
  // Equal exponents: the scales differ by no more than the digits do.
  if (shift < 0) return a.unscaled_ * BigInteger::power_of_ten(static_cast<std::size_t>(-shift)) <=> b.unscaled_;
  return a.unscaled_ <=> b.unscaled_ * BigInteger::power_of_ten(static_cast<std::size_t>(shift));
}

std::int32_t Decimal::hash_code() const noexcept {
  return static_cast<std::int32_t>(31u * static_cast<std::uint32_t>(unscaled_.hash_code()) +
                                   static_cast<std::uint32_t>(scale_));
}

std::ostream& operator<<(std::ostream& out, const Decimal& value) {
  return out << value.to_string();
}

}  // namespace sofa

auto fmt::formatter<sofa::Decimal>::format(const sofa::Decimal& value, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<std::string_view>::format(value.to_string(), context);
}
