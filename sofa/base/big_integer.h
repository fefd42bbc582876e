// BigInteger: java.math.BigInteger, a signed integer of any size. Use it for values that a peer sends as one and,
// inside Decimal, as the unscaled value; for counting there is std::int64_t.
//
//   SOFA_TRY(auto serial, BigInteger::parse("170141183460469231731687303715884105728"));
//   serial * 2 > BigInteger(1)            // arithmetic is exact and grows as needed
//   serial.magnitude()                    // Java's `mag`: 32-bit words, most significant first
//
// A value that fits in 64 bits allocates nothing. What comes from outside (text, bytes, words) is limited to
// BigInteger::kMaxDigits digits; arithmetic in the caller's own hands is not limited.
// Ownership: a value. Threads: as int. Errors: NumberError.
#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/base/error.h"

namespace sofa {

/// What can be wrong with a number (BigInteger, Decimal).
enum class NumberError { kMalformed = 1, kTooLarge, kDivisionByZero, kInexact };
const ErrorPart& error_part(NumberError);

class BigInteger {
 public:
  /// Limit on decimal digits of what is read from outside.
  static constexpr std::size_t kMaxDigits = 10'000;
  /// The same limit in 32-bit words.
  static constexpr std::size_t kMaxWords = kMaxDigits * 3322 / 1000 / 32 + 1;

  BigInteger() noexcept = default;
  BigInteger(std::int64_t value) noexcept : small_(value) {}  // NOLINT: an integer is one
  BigInteger(const BigInteger& other);
  BigInteger(BigInteger&& other) noexcept = default;
  BigInteger& operator=(const BigInteger& other);
  BigInteger& operator=(BigInteger&& other) noexcept = default;
  ~BigInteger() = default;

  static BigInteger from_uint64(std::uint64_t value);
  static BigInteger from_int128(__int128 value);
  /// Decimal digits after an optional sign, as BigInteger(String) takes them (ASCII digits only).
  static Result<BigInteger> parse(std::string_view text);
  /// Big-endian two's complement, as BigInteger(byte[]); an empty view is malformed.
  static Result<BigInteger> from_bytes(BytesView bytes);
  /// Java's fields: sign (-1, 0, 1) and magnitude, most significant word first. Leading zero words are allowed; a sign
  /// of 0 with a magnitude that is not 0 is malformed.
  static Result<BigInteger> from_magnitude(int signum, std::span<const std::uint32_t> words);
  /// 10^exponent, for any exponent that the caller has bounded.
  static BigInteger power_of_ten(std::size_t exponent);

  std::string to_string() const;
  /// Big-endian two's complement in as few bytes as hold it, as toByteArray().
  Bytes to_bytes() const;
  /// Java's `mag`: most significant word first, no leading zeros, empty for 0.
  std::vector<std::uint32_t> magnitude() const;
  /// The value, where 64 bits hold it.
  std::optional<std::int64_t> to_int64() const noexcept;

  /// -1, 0 or 1.
  int signum() const noexcept { return small_ < 0 ? -1 : small_ > 0; }
  /// Bits of the magnitude: 0 for 0, 8 for 255 and for -255.
  std::size_t magnitude_bits() const noexcept;
  /// Decimal digits, at least 1.
  std::size_t digits() const;
  /// java.math.BigInteger.hashCode().
  std::int32_t hash_code() const noexcept;

  BigInteger negate() const;
  BigInteger abs() const { return signum() < 0 ? negate() : *this; }
  friend BigInteger operator+(const BigInteger& a, const BigInteger& b);
  friend BigInteger operator-(const BigInteger& a, const BigInteger& b);
  friend BigInteger operator*(const BigInteger& a, const BigInteger& b);
  friend BigInteger operator-(const BigInteger& a) { return a.negate(); }
  friend bool operator==(const BigInteger& a, const BigInteger& b) noexcept { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const BigInteger& a, const BigInteger& b) noexcept;

  struct Division;
  /// Division that truncates towards zero; the remainder has the sign of the dividend. Error: kDivisionByZero.
  Result<Division> divide(const BigInteger& divisor) const;

  friend std::ostream& operator<<(std::ostream& out, const BigInteger& value);

 private:
  using Words = std::vector<std::uint32_t>;  // least significant first, no leading zeros
  class View;

  static BigInteger make(int signum, Words words);
  static BigInteger add(const BigInteger& a, const BigInteger& b, bool negate_b);

  // Where big_ is null small_ is the value; otherwise the value does not fit in 64 bits, big_ is its magnitude and
  // small_ its sign, -1 or 1. So every value has one representation.
  std::int64_t small_ = 0;
  std::unique_ptr<const Words> big_;
};

struct BigInteger::Division {
  BigInteger quotient;
  BigInteger remainder;
};

}  // namespace sofa

template <>
struct std::hash<sofa::BigInteger> {
  std::size_t operator()(const sofa::BigInteger& value) const noexcept {
    return static_cast<std::size_t>(value.hash_code());
  }
};

template <>
struct fmt::formatter<sofa::BigInteger> : fmt::formatter<std::string_view> {
  fmt::format_context::iterator format(const sofa::BigInteger& value, fmt::format_context& context) const;
};
