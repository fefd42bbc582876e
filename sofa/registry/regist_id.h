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
#include <string>
#include <string_view>

#include "sofa/base/shared_text.h"

namespace sofa::registry {

class RegistId {
 public:
  RegistId() = default;
  explicit RegistId(std::string_view text) {
    if (!read_uuid(text)) other_ = SharedText(text);
  }

  void append_to(std::string& text) const;
  std::string text() const {
    std::string all;
    append_to(all);
    return all;
  }
  bool operator==(const RegistId& to) const { return uuid_ == to.uuid_ && other_.text() == to.other_.text(); }
  std::size_t hash() const {
    std::uint64_t half;
    std::memcpy(&half, uuid_.data(), sizeof(half));
    return other_.empty() ? half : std::hash<std::string_view>()(other_.text());
  }

 private:
  /// False where it is no UUID in Java's notation: lower case, with its four dashes.
  bool read_uuid(std::string_view text);

  std::array<std::uint8_t, 16> uuid_{};
  SharedText other_;  // in place of it
};

}  // namespace sofa::registry

template <>
struct std::hash<sofa::registry::RegistId> {
  std::size_t operator()(const sofa::registry::RegistId& id) const { return id.hash(); }
};
