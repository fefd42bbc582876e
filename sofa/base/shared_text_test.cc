#include "sofa/base/shared_text.h"

#include <gtest/gtest.h>

namespace sofa {
namespace {

TEST(SharedText, IsWhatItWasMadeOf) {
  EXPECT_EQ(SharedText("teller").text(), "teller");
  EXPECT_TRUE(SharedText().empty());
  EXPECT_EQ(SharedText().text(), "");
  EXPECT_TRUE(SharedText("").empty());
  const std::string text = SharedText("teller");
  EXPECT_EQ(text, "teller");
}

TEST(SharedText, CopiesShareTheText) {
  SharedText first("teller");
  const SharedText copy = first;
  EXPECT_EQ(&copy.text(), &first.text());
  first = SharedText("other");
  EXPECT_EQ(copy.text(), "teller");
}

TEST(SharedTexts, HoldTheSameTextOnceAndAreBounded) {
  SharedTexts texts;
  const SharedText first = texts.of("teller");
  EXPECT_EQ(&texts.of("teller").text(), &first.text());
  for (int i = 0; i < 10'000; ++i) EXPECT_EQ(texts.of(std::to_string(i)).text(), std::to_string(i));
  EXPECT_EQ(texts.of("teller").text(), "teller");  // made again: it was pushed out
  EXPECT_NE(&texts.of("teller").text(), &first.text());
  EXPECT_EQ(first.text(), "teller");
  EXPECT_TRUE(texts.of("").empty());
  const std::string long_text(1000, 'x');
  EXPECT_EQ(texts.of(long_text).text(), long_text);
}

}  // namespace
}  // namespace sofa
