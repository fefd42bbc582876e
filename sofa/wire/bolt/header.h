// The header map of a Bolt frame: repeated (int32 length, key, int32 length, value), length -1 for null, no count.
//
//   HeaderReader reader(frame.header);
//   for (HeaderEntry entry; reader.next(entry);) { if (entry.key == kTargetService) … }
//   if (reader.damaged()) …                     // answered as an error; Java's server stays silent here
//
// Everything is lazy and points into the frame: no allocation, no copy. A null key or value is a string_view whose
// data() is null (`is_null`); an empty one is not null. Order is the sender's and carries no meaning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/base/endian.h"

namespace sofa::bolt {

/// Entries that a header map may have unless the caller says otherwise. Java sets none; 32767 bytes hold at most 4095.
inline constexpr std::uint32_t kMaxHeaderEntries = 512;

struct HeaderEntry {
  std::string_view key;
  std::string_view value;
};

constexpr bool is_null(std::string_view text) {
  return text.data() == nullptr;
}

/// One pass over a header map. Copyable; valid as long as the bytes.
class HeaderReader {
 public:
  explicit HeaderReader(BytesView map, std::uint32_t max_entries = kMaxHeaderEntries)
      : at_(map.data()), end_(map.data() + map.size()), entries_left_(max_entries) {}

  /// Reads the next entry. False at the end, and where the map is damaged or has too many entries.
  bool next(HeaderEntry& entry) {
    if (at_ == end_) return false;
    if (entries_left_ == 0 || !read(entry.key) || !read(entry.value)) [[unlikely]] {
      damaged_ = true;
      at_ = end_;
      return false;
    }
    --entries_left_;
    return true;
  }

  bool damaged() const { return damaged_; }

 private:
  bool read(std::string_view& text) {
    const auto left = static_cast<std::size_t>(end_ - at_);
    if (left < 4) return false;
    const auto length = load_be<std::uint32_t>(at_);
    at_ += 4;
    if (length > left - 4) [[unlikely]] {
      text = {};
      return length == kNullLength;
    }
    text = {reinterpret_cast<const char*>(at_), length};
    at_ += length;
    return true;
  }

  static constexpr std::uint32_t kNullLength = 0xffffffff;

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint32_t entries_left_;
  bool damaged_ = false;
};

enum class HeaderFind : std::uint8_t { kFound, kMissing, kDamaged };

/// Looks for the first entry with `key`; `value` is set when found. Entries behind it are not looked at.
HeaderFind find_header(BytesView map, std::string_view key, std::string_view& value,
                       std::uint32_t max_entries = kMaxHeaderEntries);

/// Whether the whole map can be read.
bool is_sound(BytesView map, std::uint32_t max_entries = kMaxHeaderEntries);

/// Bytes that `write_header_entry` writes for this entry.
constexpr std::size_t header_entry_bytes(std::string_view key, std::string_view value) {
  return 8 + key.size() + value.size();
}

/// Writes an entry to `out`, which has room for `header_entry_bytes`, and gives the first byte behind it.
std::uint8_t* write_header_entry(std::uint8_t* out, std::string_view key, std::string_view value);

/// Appends an entry to an owned map.
void append_header_entry(Bytes& map, std::string_view key, std::string_view value);

}  // namespace sofa::bolt
