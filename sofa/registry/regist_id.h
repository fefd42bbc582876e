// RegistId: how a client names one publisher or subscriber of its own. Java's client takes a random UUID, which is kept
// as its 16 bytes; any other text is kept as it is.
//
//   RegistId id("4ab5f3ab-9c4f-4d2e-9bd2-3c1f7f4e8c11");
//   id.append_to(text);                             // as it came
//
// A value. Threads: any may copy and read.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace sofa::registry {

class RegistId {
 public:
  RegistId() = default;
  explicit RegistId(std::string_view text) {
    if (!read_uuid(text)) other_ = std::make_unique<const std::string>(text);
  }
  RegistId(RegistId&&) noexcept = default;
  RegistId& operator=(RegistId&&) noexcept = default;
  RegistId(const RegistId& other)
      : uuid_(other.uuid_), other_(other.other_ ? std::make_unique<const std::string>(*other.other_) : nullptr) {}
  RegistId& operator=(const RegistId& other) { return *this = RegistId(other); }
  ~RegistId() = default;

  void append_to(std::string& text) const;
  std::string text() const {
    std::string all;
    append_to(all);
    return all;
  }
  bool operator==(const RegistId& to) const {
    if (!other_ || !to.other_) return !other_ && !to.other_ && uuid_ == to.uuid_;
    return *other_ == *to.other_;
  }
  std::size_t hash() const {
    std::uint64_t half;
    std::memcpy(&half, uuid_.data(), sizeof(half));
    return other_ ? std::hash<std::string>()(*other_) : half;
  }
  /// The same in each run: what a registry knows those by who were there before.
  std::uint32_t short_hash() const {
    const std::uint64_t whole = hash();
    return static_cast<std::uint32_t>(whole ^ whole >> 32);
  }

 private:
  /// False where it is no UUID in Java's notation: lower case, with its four dashes.
  bool read_uuid(std::string_view text);

  std::array<std::uint8_t, 16> uuid_{};
  std::unique_ptr<const std::string> other_;  // in place of it
};

}  // namespace sofa::registry
