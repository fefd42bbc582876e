#include "sofa/wire/bolt/header.h"

#include <cstring>

namespace sofa::bolt {
namespace {

std::uint8_t* write_text(std::uint8_t* out, std::string_view text) {
  store_be(out, is_null(text) ? std::int32_t{-1} : static_cast<std::int32_t>(text.size()));
  if (!text.empty()) std::memcpy(out + 4, text.data(), text.size());
  return out + 4 + text.size();
}

}  // namespace

HeaderFind find_header(BytesView map, std::string_view key, std::string_view& value, std::uint32_t max_entries) {
  HeaderReader reader(map, max_entries);
  for (HeaderEntry entry; reader.next(entry);) {
    if (entry.key == key && !is_null(entry.key)) {
      value = entry.value;
      return HeaderFind::kFound;
    }
  }
  return reader.damaged() ? HeaderFind::kDamaged : HeaderFind::kMissing;
}

bool is_sound(BytesView map, std::uint32_t max_entries) {
  HeaderReader reader(map, max_entries);
  for (HeaderEntry entry; reader.next(entry);) {
  }
  return !reader.damaged();
}

std::uint8_t* write_header_entry(std::uint8_t* out, std::string_view key, std::string_view value) {
  return write_text(write_text(out, key), value);
}

void append_header_entry(Bytes& map, std::string_view key, std::string_view value) {
  const std::size_t before = map.size();
  map.resize(before + header_entry_bytes(key, value));
  write_header_entry(map.data() + before, key, value);
}

}  // namespace sofa::bolt
