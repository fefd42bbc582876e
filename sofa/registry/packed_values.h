// PackedValues: the texts that one publisher publishes, in one allocation: there are millions of them.
//
//   PackedValues values(std::vector<std::string_view>{"10.0.0.7:12200?weight=100"});
//   values.for_each([](std::string_view value) { … });
//
// A value; move-only. Threads: any may read.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace sofa::registry {

class PackedValues {
 public:
  PackedValues() = default;
  /// Of std::string or std::string_view.
  template <class Texts>
  explicit PackedValues(const Texts& texts) {
    is_one_ = std::size(texts) == 1;
    if (is_one_) keep_one(*std::begin(texts));
    if (is_one_ || std::size(texts) == 0) return;
    for (const auto& text : texts) bytes_ += static_cast<std::uint32_t>(kLength + text.size());

    data_ = std::make_unique_for_overwrite<char[]>(bytes_);
    char* at = data_.get();
    for (const auto& text : texts) {
      const auto length = static_cast<std::uint32_t>(text.size());
      std::memcpy(at, &length, kLength);
      if (length > 0) std::memcpy(at + kLength, text.data(), length);
      at += kLength + length;
    }
  }

  template <class Visit>
  void for_each(Visit&& visit) const {
    if (is_one_) return visit(std::string_view(data_.get(), bytes_));
    for (std::uint32_t at = 0; at < bytes_;) {
      std::uint32_t length;
      std::memcpy(&length, data_.get() + at, kLength);
      visit(std::string_view(data_.get() + at + kLength, length));
      at += kLength + length;
    }
  }
  /// With what holds them.
  std::size_t bytes() const { return bytes_; }
  bool operator==(const PackedValues& to) const {
    return bytes_ == to.bytes_ && is_one_ == to.is_one_ &&
           (bytes_ == 0 || std::memcmp(data_.get(), to.data_.get(), bytes_) == 0);
  }

 private:
  static constexpr std::uint32_t kLength = sizeof(std::uint32_t);

  void keep_one(std::string_view text) {
    bytes_ = static_cast<std::uint32_t>(text.size());
    data_ = std::make_unique_for_overwrite<char[]>(text.size());
    if (bytes_ > 0) std::memcpy(data_.get(), text.data(), text.size());
  }

  std::unique_ptr<char[]> data_;  // each with its length before it, but where there is one alone
  std::uint32_t bytes_ = 0;
  bool is_one_ = false;
};

}  // namespace sofa::registry
