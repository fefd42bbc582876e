#include "sofa/base/json_text.h"

#include <gtest/gtest.h>

#include "sofa/base/bytes.h"
#include "sofa/base/endian.h"

namespace sofa {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonMust) {
  EXPECT_EQ(quoted("plain"), R"("plain")");
  EXPECT_EQ(quoted("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")");
  EXPECT_EQ(quoted("käse 银行 \xf0\x9f\x98\x80"), "\"käse 银行 \xf0\x9f\x98\x80\"");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(quoted("\xff"), '"' + bad + '"');
  EXPECT_EQ(quoted("\xc3"), '"' + bad + '"') << "cut in the middle";
  EXPECT_EQ(quoted("\xc0\x80"), '"' + bad + bad + '"') << "overlong";
  EXPECT_EQ(quoted("\xed\xa0\x80x"), '"' + bad + bad + bad + "x\"") << "a surrogate";
  EXPECT_EQ(quoted("\xf4\x90\x80\x80"), '"' + bad + bad + bad + bad + '"') << "beyond U+10FFFF";
}

TEST(Endian, StoresTheMostSignificantByteFirst) {
  std::uint8_t memory[8];
  store_be<std::uint32_t>(memory + 1, 0x01020304);
  EXPECT_EQ(memory[1], 1);
  EXPECT_EQ(memory[4], 4);
  EXPECT_EQ(load_be<std::uint32_t>(memory + 1), 0x01020304u);
  store_be<std::int16_t>(memory, -2);
  EXPECT_EQ(load_be<std::int16_t>(memory), -2);
  store_be<std::int64_t>(memory, -3);
  EXPECT_EQ(memory[7], 0xfd);
}

}  // namespace
}  // namespace sofa
