#include "sofa/base/md5.h"

#include <bit>
#include <cstring>

#include "sofa/base/endian.h"

namespace sofa {
namespace {

constexpr std::size_t kBlock = 64;

// 2^32 times the sines of 1 to 64, cut.
constexpr std::uint32_t kSines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

constexpr int kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

struct State {
  std::uint32_t a = 0x67452301, b = 0xefcdab89, c = 0x98badcfe, d = 0x10325476;

  void add(const std::uint8_t* block) {
    std::uint32_t words[16];
    for (std::size_t i = 0; i < 16; ++i) words[i] = load_le<std::uint32_t>(block + 4 * i);
    const State before = *this;
    for (std::size_t i = 0; i < 16; ++i) step(i, (b & c) | (~b & d), words[i]);
    for (std::size_t i = 16; i < 32; ++i) step(i, (d & b) | (~d & c), words[(5 * i + 1) % 16]);
    for (std::size_t i = 32; i < 48; ++i) step(i, b ^ c ^ d, words[(3 * i + 5) % 16]);
    for (std::size_t i = 48; i < 64; ++i) step(i, c ^ (b | ~d), words[(7 * i) % 16]);
    a += before.a;
    b += before.b;
    c += before.c;
    d += before.d;
  }

 private:
  void step(std::size_t i, std::uint32_t mixed, std::uint32_t word) {
    const std::uint32_t turned = std::rotl(a + mixed + kSines[i] + word, kTurns[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
};

}  // namespace

Md5 md5(std::string_view text) {
  State state;
  const std::uint64_t bits = std::uint64_t{text.size()} * 8;
  for (; text.size() >= kBlock; text.remove_prefix(kBlock)) {
    state.add(reinterpret_cast<const std::uint8_t*>(text.data()));
  }
  std::uint8_t last[2 * kBlock] = {};
  if (!text.empty()) std::memcpy(last, text.data(), text.size());
  last[text.size()] = 0x80;
  const std::size_t size = text.size() + 9 <= kBlock ? kBlock : 2 * kBlock;
  store_le(last + size - 8, bits);
  for (std::size_t at = 0; at < size; at += kBlock) state.add(last + at);
  Md5 digest;
  store_le(digest.data(), state.a);
  store_le(digest.data() + 4, state.b);
  store_le(digest.data() + 8, state.c);
  store_le(digest.data() + 12, state.d);
  return digest;
}

}  // namespace sofa
