#include "sofa/base/magnitude.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace sofa::magnitude {

namespace {

constexpr int kBits = 32;

/// words << shift with one more word on top, for a shift below 32.
Words shifted_left(View words, int shift) {
  Words out(words.size() + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    carry |= std::uint64_t{words[i]} << shift;
    out[i] = static_cast<std::uint32_t>(carry);
    carry >>= kBits;
  }
  out[words.size()] = static_cast<std::uint32_t>(carry);
  return out;
}

void shift_right(Words& words, int shift) {
  std::uint64_t high = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    std::uint64_t pair = high << kBits | words[i];
    high = words[i];
    words[i] = static_cast<std::uint32_t>(pair >> shift);
  }
}

/// top -= divisor * factor over divisor.size() + 1 words; true where that went below zero.
bool subtract_product(std::span<std::uint32_t> top, View divisor, std::uint64_t factor) {
  std::uint64_t carry = 0;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < top.size(); ++i) {
    carry += i < divisor.size() ? factor * divisor[i] : 0;
    std::uint64_t difference = std::uint64_t{top[i]} - static_cast<std::uint32_t>(carry) - borrow;
    carry >>= kBits;
    top[i] = static_cast<std::uint32_t>(difference);
    borrow = difference >> 63;
  }
  return borrow != 0;
}

/// top += divisor, the carry out of the last word dropped.
void add_back(std::span<std::uint32_t> top, View divisor) {
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < top.size(); ++i) {
    carry += std::uint64_t{top[i]} + (i < divisor.size() ? divisor[i] : 0);
    top[i] = static_cast<std::uint32_t>(carry);
    carry >>= kBits;
  }
}

}  // namespace

void trim(Words& words) {
  while (!words.empty() && words.back() == 0) words.pop_back();
}

int compare(View a, View b) noexcept {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  for (std::size_t i = a.size(); i-- > 0;) {
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  }
  return 0;
}

Words add(View a, View b) {
  if (a.size() < b.size()) std::swap(a, b);
  Words sum(a.size() + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    carry += std::uint64_t{a[i]} + (i < b.size() ? b[i] : 0);
    sum[i] = static_cast<std::uint32_t>(carry);
    carry >>= kBits;
  }
  sum[a.size()] = static_cast<std::uint32_t>(carry);
  trim(sum);
  return sum;
}

Words subtract(View a, View b) {
  assert(compare(a, b) >= 0);
  Words difference(a.begin(), a.end());
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.size() && (borrow != 0 || i < b.size()); ++i) {
    std::uint64_t word = std::uint64_t{a[i]} - (i < b.size() ? b[i] : 0) - borrow;
    difference[i] = static_cast<std::uint32_t>(word);
    borrow = word >> 63;
  }
  trim(difference);
  return difference;
}

Words multiply(View a, View b) {
  Words product(a.size() + b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      carry += std::uint64_t{a[i]} * b[j] + product[i + j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= kBits;
    }
    product[i + b.size()] = static_cast<std::uint32_t>(carry);
  }
  trim(product);
  return product;
}

void multiply_add(Words& words, std::uint32_t factor, std::uint32_t addend) {
  std::uint64_t carry = addend;
  for (auto& word : words) {
    carry += std::uint64_t{word} * factor;
    word = static_cast<std::uint32_t>(carry);
    carry >>= kBits;
  }
  if (carry != 0) words.push_back(static_cast<std::uint32_t>(carry));
}

std::uint32_t divide_small(Words& words, std::uint32_t divisor) {
  std::uint64_t remainder = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    std::uint64_t part = remainder << kBits | words[i];
    words[i] = static_cast<std::uint32_t>(part / divisor);
    remainder = part % divisor;
  }
  trim(words);
  return static_cast<std::uint32_t>(remainder);
}

// Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D.
Division divide(View dividend, View divisor) {
  assert(!divisor.empty());
  if (compare(dividend, divisor) < 0) return {{}, Words(dividend.begin(), dividend.end())};
  if (divisor.size() == 1) {
    Words quotient(dividend.begin(), dividend.end());
    std::uint32_t rest = divide_small(quotient, divisor[0]);
    return {std::move(quotient), rest == 0 ? Words{} : Words{rest}};
  }
  const int shift = std::countl_zero(divisor.back());
  Words rest = shifted_left(dividend, shift);
  Words by = shifted_left(divisor, shift);
  by.pop_back();
  const std::size_t n = by.size();
  Words quotient(rest.size() - n);
  for (std::size_t j = quotient.size(); j-- > 0;) {
    const std::uint64_t head = std::uint64_t{rest[j + n]} << kBits | rest[j + n - 1];
    std::uint64_t guess = head / by[n - 1];
    std::uint64_t left = head % by[n - 1];
    while (guess >> kBits != 0 || guess * by[n - 2] > (left << kBits | rest[j + n - 2])) {
      --guess;
      left += by[n - 1];
      if (left >> kBits != 0) break;
    }
    auto top = std::span(rest).subspan(j, n + 1);
    if (subtract_product(top, by, guess)) {
      --guess;
      add_back(top, by);
    }
    quotient[j] = static_cast<std::uint32_t>(guess);
  }
  rest.resize(n);
  shift_right(rest, shift);
  trim(quotient);
  trim(rest);
  return {std::move(quotient), std::move(rest)};
}

}  // namespace sofa::magnitude
