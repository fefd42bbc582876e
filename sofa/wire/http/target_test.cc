#include "sofa/wire/http/target.h"

#include <gtest/gtest.h>

namespace sofa::http {
namespace {

TEST(HttpTarget, IsSplit) {
  const auto split = [](std::string_view target) {
    const Target parts = split_target(target);
    return fmt::format("{} {} {}", parts.authority, parts.path, parts.query);
  };
  EXPECT_EQ(split("/a/b?c=d?e"), " /a/b c=d?e");
  EXPECT_EQ(split("/"), " / ");
  EXPECT_EQ(split("*"), " * ");
  EXPECT_EQ(split("http://h:1/a?b"), "h:1 /a b");
  EXPECT_EQ(split("http://h?b"), "h / b");
  EXPECT_EQ(split("http://h"), "h / ");
  EXPECT_EQ(split("/a?u=http://h/"), " /a u=http://h/");
}

TEST(HttpTarget, PercentEncodingIsUndone) {
  EXPECT_EQ(percent_decode("/a%20b%2Fc%7e+"), "/a b/c~+");
  for (const std::string_view bad : {"%", "%4", "%4g", "%g4", "a%00", "%%41"}) EXPECT_FALSE(percent_decode(bad)) << bad;
  EXPECT_EQ(percent_encode("a b/~\xff"), "a%20b%2F~%FF");
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
}

TEST(HttpTarget, QueryValues) {
  EXPECT_EQ(query_value("a=1&b=x+y%26z&c", "b"), "x y&z");
  EXPECT_EQ(query_value("a=1&b&c=", "b"), "");
  EXPECT_EQ(query_value("a=1&a=2", "a"), "1");
  EXPECT_EQ(query_value("%61=1", "a"), "1");
  EXPECT_FALSE(query_value("a=1", "b"));
  EXPECT_FALSE(query_value("a=%", "a"));
  EXPECT_FALSE(query_value("", "a"));
  EXPECT_EQ(query_value("&&a=1", "a"), "1");
}

}  // namespace
}  // namespace sofa::http
