#include "sofa/registry/regist_id.h"

namespace sofa::registry {
namespace {

constexpr std::size_t kUuidText = 36;
constexpr std::string_view kDigits = "0123456789abcdef";

constexpr bool is_dash(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

bool RegistId::read_uuid(std::string_view text) {
  if (text.size() != kUuidText) return false;
  std::array<std::uint8_t, 16> uuid{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kUuidText; ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return false;
      continue;
    }
    const int digit = digit_of(text[i]);
    if (digit < 0) return false;
    uuid[digits / 2] = static_cast<std::uint8_t>(uuid[digits / 2] << 4 | digit);
    ++digits;
  }
  uuid_ = uuid;
  return true;
}

void RegistId::append_to(std::string& text) const {
  if (other_) {
    text += *other_;
    return;
  }
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kUuidText; ++i) {
    if (is_dash(i)) {
      text += '-';
      continue;
    }
    const int byte = uuid_[digits / 2];
    text += kDigits[static_cast<std::size_t>(digits % 2 ? byte & 15 : byte >> 4)];
    ++digits;
  }
}

}  // namespace sofa::registry
