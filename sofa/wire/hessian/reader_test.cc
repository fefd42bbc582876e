#include "sofa/wire/hessian/reader.h"

#include <cmath>

#include <gtest/gtest.h>

#include "sofa/wire/hessian/bank_types.h"

namespace sofa::hessian {
namespace {

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    i += 2;
  }
  return bytes;
}
Bytes repeated(std::string_view unit, std::size_t times) {
  const Bytes one = hex(unit);
  Bytes all;
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), one.begin(), one.end());
  return all;
}
/// What passing over, reading as a value, and reading as a T say about these bytes.
template <class T = Value>
Error refused(const Bytes& bytes, const Limits& limits = {}) {
  Reader skipping(bytes, limits);
  while (!skipping.at_end() && skipping.ok()) skipping.skip();
  const auto values = read_values(bytes, limits);
  const auto typed = from_bytes<T>(bytes, nullptr, limits);
  EXPECT_FALSE(typed.has_value());
  if (std::is_same_v<T, Value>) {
    EXPECT_FALSE(values.has_value());
    EXPECT_FALSE(skipping.ok());
  }
  return typed ? Error(HessianError::kLimit, "was read") : typed.error();
}

TEST(Reader, NumbersAreTakenInAnyForm) {
  for (const auto* form : {"95", "c805", "d40005", "4900000005", "e5", "f805", "3c0005", "7700000005",
                           "4c0000000000000005", "6905", "6a0005", "6b40a00000", "444014000000000000"}) {
    const Bytes bytes = hex(form);
    EXPECT_EQ(Reader(bytes).read_int(), 5) << form;
    EXPECT_EQ(Reader(bytes).read_long(), 5) << form;
    EXPECT_EQ(Reader(bytes).read_double(), 5.0) << form;
    EXPECT_EQ(from_bytes<std::int8_t>(bytes).value(), 5) << form;
    EXPECT_EQ(from_bytes<float>(bytes).value(), 5.0F) << form;
  }
}

TEST(Reader, NumbersThatDoNotFitAreErrors) {
  const auto out_of_range = [](const auto& result) { return !result && result.error().is(HessianError::kRange); };
  EXPECT_TRUE(out_of_range(from_bytes<std::int8_t>(hex("c8 80"))));
  EXPECT_TRUE(out_of_range(from_bytes<std::int32_t>(hex("4c 00000001 00000000"))));
  EXPECT_TRUE(out_of_range(from_bytes<std::int32_t>(hex("44 3fe0000000000000"))));  // 0.5
  EXPECT_TRUE(out_of_range(from_bytes<std::int64_t>(hex("44 7ff8000000000000"))));  // NaN
  EXPECT_TRUE(out_of_range(from_bytes<std::int64_t>(hex("44 43e0000000000000"))));  // 2^63
  EXPECT_TRUE(out_of_range(from_bytes<float>(hex("44 7fefffffffffffff"))));
  EXPECT_TRUE(std::isinf(from_bytes<float>(hex("44 7ff0000000000000")).value()));
}

TEST(Reader, AsciiTextIsAViewIntoTheStream) {
  const Bytes bytes = hex("03 616263");
  Reader from(bytes);
  std::string scratch;
  const std::string_view text = from.read_text(scratch);
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(static_cast<const void*>(text.data()), bytes.data() + 1);
}

TEST(Reader, TextInChunksJoinsSurrogatesAcrossThem) {
  // An emoji whose halves stand in two chunks: no Java writer does that, others may.
  const Bytes bytes = hex("73 0002 61 eda0bd 02 edb880 62");
  EXPECT_EQ(Reader(bytes).read_string(),
            "a\xf0\x9f\x98\x80"
            "b");
  // Overlong forms mean their unit: C0 80 is U+0000.
  EXPECT_EQ(Reader(hex("01 c080")).read_string(), std::string(1, '\0'));
}

TEST(Reader, ErrorsStickAndSayWhere) {
  const Bytes bytes = hex("91 03 616263 92");
  Reader from(bytes);
  EXPECT_EQ(from.read_int(), 1);
  EXPECT_EQ(from.read_int(), 0);
  EXPECT_FALSE(from.ok());
  EXPECT_TRUE(from.error().is(HessianError::kMismatch));
  EXPECT_EQ(from.error().message(), "found a string, wanted an integer at byte 1 of 6");
  EXPECT_EQ(from.read_string(), "");
  EXPECT_TRUE(from.at_end());
}

TEST(Reader, AMapOrListMayStartWithTrue) {
  const auto values = read_values(hex("4d 54 91 7a 56 54 7a"));
  ASSERT_TRUE(values) << values.error().what();
  EXPECT_EQ((*values)[0].key(0), Value(true));
  EXPECT_EQ((*values)[1].at(0), Value(true));
}

// --- hostile input

TEST(ReaderHostile, LyingLengths) {
  EXPECT_TRUE(refused(hex("56 6c 7fffffff 91")).is(HessianError::kTruncated));
  EXPECT_TRUE(refused(hex("56 6c ffffffff 91")).is(HessianError::kLimit));
  EXPECT_TRUE(refused(hex("53 ffff 61")).is(HessianError::kTruncated));
  EXPECT_TRUE(refused(hex("42 ffff 61")).is(HessianError::kTruncated));
  EXPECT_TRUE(refused(hex("4f d4ffff 61")).is(HessianError::kTruncated));
  EXPECT_TRUE(refused(hex("4f 91 61 49 7fffffff")).is(HessianError::kLimit));
  EXPECT_TRUE(refused(hex("4f 91 61 49 ffffffff")).is(HessianError::kRange));
  EXPECT_TRUE(refused<std::vector<std::string>>(hex("56 6c 7fffffff 91")).is(HessianError::kTruncated));
  EXPECT_TRUE(refused(hex("56 74 ffff 61")).is(HessianError::kTruncated));
}

TEST(ReaderHostile, NumbersOfThingsThatAreNotThere) {
  EXPECT_TRUE(refused(hex("4a 00")).is(HessianError::kBadReference));
  EXPECT_TRUE(refused(hex("52 ffffffff")).is(HessianError::kBadReference));
  EXPECT_TRUE(refused(hex("6f 90")).is(HessianError::kBadReference));
  EXPECT_TRUE(refused(hex("6f 8f")).is(HessianError::kBadReference));
  EXPECT_TRUE(refused(hex("4d 75 90 7a")).is(HessianError::kBadReference));
  EXPECT_TRUE(refused(hex("76 90 90")).is(HessianError::kBadReference));
}

TEST(ReaderHostile, BytesThatStartNothing) {
  for (const auto* form : {"40", "7a", "72", "30", "7f", "56 91 91", "56 6e 01 91 92", "73 0001 61 91"}) {
    const Error error = refused(hex(form));
    EXPECT_TRUE(error.is(HessianError::kBadTag) || error.is(HessianError::kMismatch) ||
                error.is(HessianError::kTruncated))
        << form << ": " << error.what();
  }
  EXPECT_TRUE(refused(hex("01 ff")).is(HessianError::kBadText));
  EXPECT_TRUE(refused(hex("02 f09f9880")).is(HessianError::kBadText));  // 4-byte UTF-8 is not of this dialect
  EXPECT_TRUE(refused(hex("01 e0 80")).is(HessianError::kBadText));
}

TEST(ReaderHostile, AMillionListsInEachOther) {
  EXPECT_TRUE(refused(repeated("56", 1'000'000)).is(HessianError::kLimit));
  EXPECT_TRUE(refused(repeated("56 6e 01", 1'000'000)).is(HessianError::kLimit));
  EXPECT_TRUE(refused(repeated("4d 91", 1'000'000)).is(HessianError::kLimit));
  Bytes objects = hex("4f 91 61 91 01 78");
  const Bytes inner = repeated("6f 90", 1'000'000);
  objects.insert(objects.end(), inner.begin(), inner.end());
  EXPECT_TRUE(refused(objects).is(HessianError::kLimit));
}

TEST(ReaderHostile, TooMuchOfAnything) {
  EXPECT_TRUE(refused(repeated("4f 91 61 90", 5000)).is(HessianError::kLimit));  // definitions and nothing else
  Limits few;
  few.max_nodes = 100;
  Bytes list = hex("56");
  list.insert(list.end(), 101, 'N');
  list.push_back('z');
  EXPECT_TRUE(refused(list, few).is(HessianError::kLimit));
  Limits brief;
  brief.max_length = 3;
  EXPECT_TRUE(from_bytes<std::string>(hex("04 61626364"), nullptr, brief).error().is(HessianError::kLimit));
  EXPECT_TRUE(from_bytes<Bytes>(hex("24 61626364"), nullptr, brief).error().is(HessianError::kLimit));
}

struct Tree {
  static constexpr auto java_class = "t.Tree";
  Array<std::int32_t> load;
  std::vector<Tree> kids;
};

TEST(ReaderHostile, ACycleThroughValueTypesEnds) {
  // t.Tree{load: [], kids: [itself]}
  const Bytes bytes = hex("4f 96 742e54726565 92 04 6c6f6164 04 6b696473 6f 90 56 7a 56 4a 00 7a");
  EXPECT_TRUE(refused<Tree>(bytes).is(HessianError::kLimit));
  // As a value it is simply a cycle.
  const auto values = read_values(bytes);
  ASSERT_TRUE(values) << values.error().what();
  EXPECT_TRUE((*values)[0]["kids"].at(0).same((*values)[0]));
}

TEST(ReaderHostile, WorkDoneAgainIsBounded) {
  // A cycle that drags a big block through each of its rounds: bounded by bytes, not only by depth.
  Bytes heavy = hex("4f 96 742e54726565 92 04 6c6f6164 04 6b696473 6f 90 56 6c 00040000");
  heavy.insert(heavy.end(), 0x40000, 0x90);
  const Bytes tail = hex("7a 56 4a 00 7a");
  heavy.insert(heavy.end(), tail.begin(), tail.end());
  EXPECT_TRUE(refused<Tree>(heavy).is(HessianError::kLimit));
}

struct Pair {
  static constexpr auto java_class = "t.Pair";
  std::unique_ptr<Pair> left;
  std::unique_ptr<Pair> right;
};

TEST(ReaderHostile, SharedPartsDoNotMultiplyWithoutEnd) {
  // Pair n holds Pair n-1 twice: 2^60 pairs as value types, 60 as values.
  Bytes bytes = hex("4f 96 742e50616972 92 04 6c656674 05 7269676874 56");
  const Bytes first = hex("6f 90 4e 4e");
  bytes.insert(bytes.end(), first.begin(), first.end());
  for (std::uint8_t i = 1; i < 60; ++i) {
    const Bytes level = {'o', 0x90, 'J', i, 'J', i};
    bytes.insert(bytes.end(), level.begin(), level.end());
  }
  bytes.push_back('z');
  EXPECT_TRUE(refused<std::vector<Pair>>(bytes).is(HessianError::kLimit));
  EXPECT_TRUE(read_values(bytes).has_value());
}

}  // namespace
}  // namespace sofa::hessian
