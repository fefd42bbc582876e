#include "sofa/base/big_integer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <limits>
#include <ostream>

#include <fmt/format.h>

#include "sofa/base/magnitude.h"

namespace sofa {

namespace {

constexpr std::uint32_t kChunk = 1'000'000'000;  // 10^9, the largest power of ten in a word
constexpr std::size_t kChunkDigits = 9;
constexpr std::uint64_t kMinInt64Magnitude = std::uint64_t{1} << 63;

std::uint64_t magnitude_of(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

std::size_t bits_of(std::span<const std::uint32_t> words) {
  return words.empty() ? 0 : words.size() * 32 - static_cast<std::size_t>(std::countl_zero(words.back()));
}

tl::unexpected<Error> too_large(std::size_t size, std::string_view unit) {
  return fail(NumberError::kTooLarge, "a number of {} {} was refused: the limit is {} digits", size, unit,
              BigInteger::kMaxDigits);
}

}  // namespace

const ErrorPart& error_part(NumberError) {
  static const ErrorPart part{"number", [](int code) -> std::string_view {
                                switch (static_cast<NumberError>(code)) {
                                  case NumberError::kMalformed:
                                    return "malformed";
                                  case NumberError::kTooLarge:
                                    return "too_large";
                                  case NumberError::kDivisionByZero:
                                    return "division_by_zero";
                                  case NumberError::kInexact:
                                    return "inexact";
                                }
                                return "unknown";
                              }};
  return part;
}

/// A value's magnitude as words, wherever it is kept.
class BigInteger::View {
 public:
  explicit View(const BigInteger& value) : big_(value.big_.get()) {
    if (big_ != nullptr) return;
    std::uint64_t magnitude = magnitude_of(value.small_);
    local_[0] = static_cast<std::uint32_t>(magnitude);
    local_[1] = static_cast<std::uint32_t>(magnitude >> 32);
    size_ = local_[1] != 0 ? 2 : local_[0] != 0 ? 1 : 0;
  }
  std::span<const std::uint32_t> words() const {
    return big_ != nullptr ? std::span<const std::uint32_t>(*big_) : std::span(local_, size_);
  }

 private:
  const Words* big_;
  std::uint32_t local_[2] = {};
  std::size_t size_ = 0;
};

BigInteger::BigInteger(const BigInteger& other)
    : small_(other.small_), big_(other.big_ ? std::make_unique<const Words>(*other.big_) : nullptr) {}

BigInteger& BigInteger::operator=(const BigInteger& other) {
  if (this != &other) *this = BigInteger(other);
  return *this;
}

BigInteger BigInteger::make(int signum, Words words) {
  magnitude::trim(words);
  if (words.size() <= 2) {
    std::uint64_t value = words.empty() ? 0 : words[0];
    if (words.size() == 2) value |= std::uint64_t{words[1]} << 32;
    if (value < kMinInt64Magnitude) {
      return signum < 0 ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
    }
    if (value == kMinInt64Magnitude && signum < 0) return std::numeric_limits<std::int64_t>::min();
  }
  BigInteger made(signum);
  made.big_ = std::make_unique<const Words>(std::move(words));
  return made;
}

BigInteger BigInteger::from_uint64(std::uint64_t value) {
  return make(1, {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)});
}

BigInteger BigInteger::from_int128(__int128 value) {
  if (value >= std::numeric_limits<std::int64_t>::min() && value <= std::numeric_limits<std::int64_t>::max()) {
    return static_cast<std::int64_t>(value);
  }
  auto magnitude = static_cast<unsigned __int128>(value);
  if (value < 0) magnitude = ~magnitude + 1;
  Words words;
  for (; magnitude != 0; magnitude >>= 32) words.push_back(static_cast<std::uint32_t>(magnitude));
  return make(value < 0 ? -1 : 1, std::move(words));
}

Result<BigInteger> BigInteger::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  std::string_view digits = text.substr(negative || text.starts_with('+') ? 1 : 0);
  if (digits.size() > kMaxDigits) return too_large(digits.size(), "digits");
  if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return fail(NumberError::kMalformed, "'{}' is not an integer: write digits after an optional sign",
                text.substr(0, 64));
  }
  if (digits.size() <= 18) {
    std::int64_t value = 0;
    for (char c : digits) value = value * 10 + (c - '0');
    return negative ? -value : value;
  }
  Words words;
  words.reserve(digits.size() / kChunkDigits + 1);
  for (std::size_t size; !digits.empty(); digits.remove_prefix(size)) {
    size = (digits.size() - 1) % kChunkDigits + 1;
    std::uint32_t chunk = 0;
    for (char c : digits.substr(0, size)) chunk = chunk * 10 + static_cast<std::uint32_t>(c - '0');
    magnitude::multiply_add(words, kChunk, chunk);
  }
  return make(negative ? -1 : 1, std::move(words));
}

Result<BigInteger> BigInteger::from_bytes(BytesView bytes) {
  if (bytes.empty()) return fail(NumberError::kMalformed, "an integer of no bytes: at least one is needed");
  if (bytes.size() > kMaxWords * 4) return too_large(bytes.size(), "bytes");
  const bool negative = (bytes[0] & 0x80) != 0;
  Words words((bytes.size() + 3) / 4);
  for (std::size_t i = 0; i < words.size() * 4; ++i) {  // i counts bytes from the least significant one
    const std::uint8_t filler = negative ? 0xff : 0;
    const std::uint8_t byte = i < bytes.size() ? bytes[bytes.size() - 1 - i] : filler;
    words[i / 4] |= std::uint32_t{byte} << (i % 4 * 8);
  }
  if (!negative) return make(1, std::move(words));
  for (auto& word : words) word = ~word;
  magnitude::trim(words);
  const std::uint32_t one[] = {1};
  return make(-1, magnitude::add(words, one));
}

Result<BigInteger> BigInteger::from_magnitude(int signum, std::span<const std::uint32_t> words) {
  if (words.size() > kMaxWords) return too_large(words.size(), "words");
  Words little(words.rbegin(), words.rend());
  magnitude::trim(little);
  if (signum < -1 || signum > 1 || (signum == 0 && !little.empty())) {
    return fail(NumberError::kMalformed, "sign {} with a magnitude of {} words: expected -1, 0 or 1, and 0 only for 0",
                signum, little.size());
  }
  return make(signum, std::move(little));
}

BigInteger BigInteger::power_of_ten(std::size_t exponent) {
  std::int64_t small = 1;
  const bool fits = exponent <= 18;
  for (std::size_t i = fits ? exponent : exponent % kChunkDigits; i > 0; --i) small *= 10;
  if (fits) return small;
  Words words{static_cast<std::uint32_t>(small)};
  for (std::size_t i = exponent / kChunkDigits; i > 0; --i) magnitude::multiply_add(words, kChunk, 0);
  return make(1, std::move(words));
}

std::string BigInteger::to_string() const {
  if (!big_) return fmt::format(FMT_STRING("{}"), small_);
  Words rest = *big_;
  std::string text;
  text.reserve(rest.size() * 10 + 1);
  while (!rest.empty()) {
    std::uint32_t chunk = magnitude::divide_small(rest, kChunk);
    for (std::size_t i = 0; i < kChunkDigits && (chunk != 0 || !rest.empty()); ++i, chunk /= 10) {
      text.push_back(static_cast<char>('0' + chunk % 10));
    }
  }
  if (small_ < 0) text.push_back('-');
  std::ranges::reverse(text);
  return text;
}

Bytes BigInteger::to_bytes() const {
  View view(*this);
  Words words(view.words().begin(), view.words().end());
  words.push_back(0);  // room for the sign
  if (signum() < 0) {
    std::uint64_t carry = 1;
    for (auto& word : words) {
      carry += static_cast<std::uint32_t>(~word);
      word = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }
  Bytes bytes;
  bytes.reserve(words.size() * 4);
  for (std::size_t i = words.size() * 4; i-- > 0;) {
    bytes.push_back(static_cast<std::uint8_t>(words[i / 4] >> (i % 4 * 8)));
  }
  // A byte of mere sign goes as long as the next one shows the same sign.
  const std::uint8_t filler = signum() < 0 ? 0xff : 0;
  std::size_t skip = 0;
  while (skip + 1 < bytes.size() && bytes[skip] == filler && ((bytes[skip + 1] ^ filler) & 0x80) == 0) ++skip;
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(skip));
  return bytes;
}

std::vector<std::uint32_t> BigInteger::magnitude() const {
  View view(*this);
  return {view.words().rbegin(), view.words().rend()};
}

std::optional<std::int64_t> BigInteger::to_int64() const noexcept {
  if (big_) return std::nullopt;
  return small_;
}

std::size_t BigInteger::magnitude_bits() const noexcept {
  return bits_of(View(*this).words());
}

std::size_t BigInteger::digits() const {
  const std::size_t bits = magnitude_bits();
  if (bits == 0) return 1;
  const std::size_t low = bits * 646456993 >> 31;  // floor(bits * log10(2)): the answer is this or one more
  if (low == 0) return 1;
  BigInteger power = power_of_ten(low);
  return magnitude::compare(View(*this).words(), View(power).words()) < 0 ? low : low + 1;
}

std::int32_t BigInteger::hash_code() const noexcept {
  View view(*this);
  std::uint32_t hash = 0;
  for (std::size_t i = view.words().size(); i-- > 0;) hash = 31 * hash + view.words()[i];
  return static_cast<std::int32_t>(signum() < 0 ? ~hash + 1 : hash);
}

BigInteger BigInteger::negate() const {
  if (big_) return make(small_ < 0 ? 1 : -1, *big_);
  return small_ == std::numeric_limits<std::int64_t>::min() ? from_uint64(kMinInt64Magnitude) : BigInteger(-small_);
}

BigInteger BigInteger::add(const BigInteger& a, const BigInteger& b, bool negate_b) {
  const int sign_b = negate_b ? -b.signum() : b.signum();
  if (sign_b == 0) return a;
  View left(a);
  View right(b);
  if (a.signum() == 0) return make(sign_b, {right.words().begin(), right.words().end()});
  if (a.signum() == sign_b) return make(sign_b, magnitude::add(left.words(), right.words()));
  if (magnitude::compare(left.words(), right.words()) >= 0) {
    return make(a.signum(), magnitude::subtract(left.words(), right.words()));
  }
  return make(sign_b, magnitude::subtract(right.words(), left.words()));
}

BigInteger operator+(const BigInteger& a, const BigInteger& b) {
  std::int64_t sum;
  if (!a.big_ && !b.big_ && !__builtin_add_overflow(a.small_, b.small_, &sum)) [[likely]]
    return sum;
  return BigInteger::add(a, b, false);
}

BigInteger operator-(const BigInteger& a, const BigInteger& b) {
  std::int64_t difference;
  if (!a.big_ && !b.big_ && !__builtin_sub_overflow(a.small_, b.small_, &difference)) [[likely]]
    return difference;
  return BigInteger::add(a, b, true);
}

BigInteger operator*(const BigInteger& a, const BigInteger& b) {
  std::int64_t product;
  if (!a.big_ && !b.big_ && !__builtin_mul_overflow(a.small_, b.small_, &product)) [[likely]]
    return product;
  return BigInteger::make(a.signum() * b.signum(),
                          magnitude::multiply(BigInteger::View(a).words(), BigInteger::View(b).words()));
}

std::strong_ordering operator<=>(const BigInteger& a, const BigInteger& b) noexcept {
  if (!a.big_ && !b.big_) return a.small_ <=> b.small_;
  if (a.signum() != b.signum()) return a.signum() <=> b.signum();
  return a.signum() * magnitude::compare(BigInteger::View(a).words(), BigInteger::View(b).words()) <=> 0;
}

Result<BigInteger::Division> BigInteger::divide(const BigInteger& divisor) const {
  if (divisor.signum() == 0) return fail(NumberError::kDivisionByZero, "division by zero");
  if (!big_ && !divisor.big_ && !(small_ == std::numeric_limits<std::int64_t>::min() && divisor.small_ == -1)) {
    return Division{small_ / divisor.small_, small_ % divisor.small_};
  }
  auto [quotient, remainder] = magnitude::divide(View(*this).words(), View(divisor).words());
  return Division{make(signum() * divisor.signum(), std::move(quotient)), make(signum(), std::move(remainder))};
}

std::ostream& operator<<(std::ostream& out, const BigInteger& value) {
  return out << value.to_string();
}

}  // namespace sofa

auto fmt::formatter<sofa::BigInteger>::format(const sofa::BigInteger& value, fmt::format_context& context) const
    -> fmt::format_context::iterator {
  return fmt::formatter<std::string_view>::format(value.to_string(), context);
}
