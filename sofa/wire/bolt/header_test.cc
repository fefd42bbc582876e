#include "sofa/wire/bolt/header.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::bolt {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

Pairs pairs_of(BytesView map) {
  Pairs pairs;
  HeaderReader reader(map);
  for (HeaderEntry entry; reader.next(entry);) pairs.emplace_back(entry.key, entry.value);
  EXPECT_FALSE(reader.damaged());
  return pairs;
}

TEST(Header, KeepsOrderEmptyAndNull) {
  Bytes map;
  append_header_entry(map, "b", "2");
  append_header_entry(map, "a", "");
  append_header_entry(map, "null", {});
  append_header_entry(map, {}, "of null");
  const Pairs pairs = pairs_of(map);
  EXPECT_EQ(pairs, (Pairs{{"b", "2"}, {"a", ""}, {"null", ""}, {"", "of null"}}));
  EXPECT_FALSE(is_null(pairs[1].second));
  EXPECT_TRUE(is_null(pairs[2].second));
  EXPECT_TRUE(is_null(pairs[3].first));
}

TEST(Header, FindsTheFirst) {
  Bytes map;
  append_header_entry(map, {}, "null key");
  append_header_entry(map, "k", "first");
  append_header_entry(map, "k", "second");
  std::string_view value;
  EXPECT_EQ(find_header(map, "k", value), HeaderFind::kFound);
  EXPECT_EQ(value, "first");
  EXPECT_EQ(find_header(map, "missing", value), HeaderFind::kMissing);
  EXPECT_EQ(find_header(map, "", value), HeaderFind::kMissing) << "a null key is not an empty one";
  EXPECT_EQ(find_header({}, "k", value), HeaderFind::kMissing);
}

TEST(Header, AMapCutAnywhereIsDamaged) {
  Bytes map;
  append_header_entry(map, "key", "value");
  for (std::size_t size = 1; size < map.size(); ++size) EXPECT_FALSE(is_sound(BytesView(map).first(size))) << size;
  EXPECT_TRUE(is_sound(map));
  EXPECT_TRUE(is_sound({}));
  std::string_view value;
  EXPECT_EQ(find_header(BytesView(map).first(10), "other", value), HeaderFind::kDamaged);
}

TEST(Header, LyingLengthsAreDamage) {
  for (std::int32_t length : {-2, INT32_MIN, 6, 1000, INT32_MAX}) {
    Bytes map;
    append_header_entry(map, "key", "value");
    store_be(&map[7], length);
    EXPECT_FALSE(is_sound(map)) << length;
    std::string_view value;
    EXPECT_EQ(find_header(map, "key", value), HeaderFind::kDamaged) << "a value never reaches beyond the map";
    store_be(&map[0], length);
    EXPECT_FALSE(is_sound(map)) << length;
  }
}

TEST(Header, EntriesAreLimited) {
  Bytes map;
  for (std::uint32_t i = 0; i < kMaxHeaderEntries; ++i) append_header_entry(map, "", "");
  EXPECT_TRUE(is_sound(map));
  append_header_entry(map, "", "");
  EXPECT_FALSE(is_sound(map));
  EXPECT_FALSE(is_sound(map, 3));
  std::string_view value;
  EXPECT_EQ(find_header(map, "k", value, 3), HeaderFind::kDamaged);
}

TEST(Header, WritesInPlaceWhatItAppends) {
  Bytes appended;
  append_header_entry(appended, "key", "value");
  Bytes written(header_entry_bytes("key", "value"));
  EXPECT_EQ(write_header_entry(written.data(), "key", "value"), written.data() + written.size());
  EXPECT_EQ(written, appended);
}

}  // namespace
}  // namespace sofa::bolt
