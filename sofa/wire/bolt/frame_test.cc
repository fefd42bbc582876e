#include "sofa/wire/bolt/frame.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::bolt {
namespace {

constexpr Form kForms[] = {kFormV1, {Protocol::kV2, 1, 0}, {Protocol::kV2, 1, kSwitchCrc}, kFormV2, kFormV2Crc};

Bytes header_of(std::initializer_list<HeaderEntry> entries) {
  Bytes map;
  for (const HeaderEntry& entry : entries) append_header_entry(map, entry.key, entry.value);
  return map;
}

Bytes frame_of(const Head& head, std::string_view class_name = kRequestClass, const Bytes& header = {},
               std::string_view content = "content") {
  Bytes out;
  EXPECT_TRUE(append_frame(out, head, class_name, header, as_bytes(content)));
  return out;
}

Head head_of(Form form, FrameType type) {
  Head head;
  head.form = form;
  head.type = type;
  head.command = type == FrameType::kResponse ? Command::kResponse : Command::kRequest;
  head.id = 0x01020304;
  if (type != FrameType::kResponse) head.timeout_ms = 3000;
  return head;
}

// Decodes a copy of exactly these bytes, so that a sanitizer sees any read beyond them.
struct Attempt {
  Decoded got;
  FrameView frame;
  std::unique_ptr<std::uint8_t[]> memory;
};
Attempt attempt(BytesView in, const Limits& limits = {}) {
  Attempt a;
  a.memory = std::make_unique<std::uint8_t[]>(in.size());
  std::copy(in.begin(), in.end(), a.memory.get());
  a.got = decode({a.memory.get(), in.size()}, limits, a.frame);
  return a;
}

BoltError error_of(BytesView in, const Limits& limits = {}) {
  const Attempt a = attempt(in, limits);
  EXPECT_EQ(a.got.outcome, Outcome::kError);
  if (a.got.outcome != Outcome::kError) return {};
  const Error error = describe(a.got, in, a.frame, limits);
  EXPECT_TRUE(error.is(a.got.error));
  EXPECT_GT(error.message().size(), 10u);
  return a.got.error;
}

TEST(Frame, EveryFormAndTypeComesBack) {
  const Bytes header = header_of({{kService, "a:1.0"}, {"", "empty key"}, {"null value", {}}});
  for (const Form& form : kForms) {
    for (FrameType type : {FrameType::kRequest, FrameType::kOneway, FrameType::kResponse}) {
      const Head head = head_of(form, type);
      const Bytes bytes = frame_of(head, kRequestClass, header);
      const Attempt a = attempt(bytes);
      ASSERT_EQ(a.got.outcome, Outcome::kFrame);
      EXPECT_EQ(a.got.size, bytes.size());
      EXPECT_EQ(a.frame.head.form, form);
      EXPECT_EQ(a.frame.head.type, type);
      EXPECT_EQ(a.frame.head.id, head.id);
      EXPECT_EQ(a.frame.head.timeout_ms, head.timeout_ms);
      EXPECT_EQ(a.frame.class_name, kRequestClass);
      EXPECT_THAT(a.frame.header, testing::ElementsAreArray(header));
      EXPECT_EQ(as_text(a.frame.content), "content");
    }
  }
}

TEST(Frame, WritesTheHeadThatTheProtocolPrescribes) {
  std::uint8_t out[kMaxHeadBytes];
  Head head = head_of(kFormV1, FrameType::kRequest);
  head.class_bytes = 44;
  head.header_bytes = 0x0102;
  ASSERT_EQ(write_head(head, out), 22u);
  patch_content_length(out, 22, 0x0a0b0c0d);
  patch_id(out, Protocol::kV1, 0x11223344);
  EXPECT_THAT(Bytes(out, out + 22), testing::ElementsAre(1, 1, 0, 1, 1, 0x11, 0x22, 0x33, 0x44, 1, 0, 0, 0x0b, 0xb8, 0,
                                                         44, 1, 2, 0x0a, 0x0b, 0x0c, 0x0d));
}

TEST(Frame, OffsetsPointAtTheirFields) {
  for (const Form& form : kForms) {
    for (FrameType type : {FrameType::kRequest, FrameType::kResponse}) {
      Head head = head_of(form, type);
      head.codec = Codec::kProtobuf;
      head.status = Status::kServerDeserialException;
      const Bytes bytes = frame_of(head);
      EXPECT_EQ(load_be<std::uint32_t>(&bytes[id_offset(form.protocol)]), head.id);
      EXPECT_EQ(bytes[codec_offset(form.protocol)], 11);
      EXPECT_EQ(load_be<std::uint32_t>(&bytes[content_length_offset(form.protocol, type)]), 7u);
      const auto* field = &bytes[timeout_offset(form.protocol)];
      if (type == FrameType::kRequest) EXPECT_EQ(load_be<std::int32_t>(field), 3000);
      if (type == FrameType::kResponse) EXPECT_EQ(load_be<std::uint16_t>(field), 0x12);
    }
  }
}

TEST(Frame, AnyPrefixAsksForMoreAndNeverTooMuch) {
  const Bytes header = header_of({{kService, "a:1.0"}});
  for (const Form& form : kForms) {
    for (FrameType type : {FrameType::kRequest, FrameType::kResponse}) {
      const Head head = head_of(form, type);
      const Bytes bytes = frame_of(head, kRequestClass, header);
      for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Attempt a = attempt(BytesView(bytes).first(size));
        ASSERT_EQ(a.got.outcome, Outcome::kNeedMore);
        ASSERT_GT(a.got.size, size);
        ASSERT_LE(a.got.size, bytes.size());
        ASSERT_EQ(a.got.head_known, size >= head.head_size());
        if (a.got.head_known) ASSERT_EQ(a.got.size, bytes.size());
      }
    }
  }
}

TEST(Frame, RandomlyCutStreamGivesTheSameFrames) {
  std::mt19937 random(20240611);
  auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  for (int round = 0; round < 200; ++round) {
    Bytes stream;
    std::vector<std::uint32_t> ids;
    for (std::uint32_t i = 0, frames = 1 + below(8); i < frames; ++i) {
      Head head = head_of(kForms[below(5)], FrameType{static_cast<std::uint8_t>(below(3))});
      head.id = static_cast<std::uint32_t>(random());
      ids.push_back(head.id);
      const Bytes frame =
          frame_of(head, "c", header_of({{"k", std::string(below(40), 'v')}}), std::string(below(3000), 'x'));
      stream.insert(stream.end(), frame.begin(), frame.end());
    }
    Bytes pending;
    std::vector<std::uint32_t> seen;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t chunk = std::min<std::size_t>(1 + below(700), stream.size() - at);
      pending.insert(pending.end(), stream.begin() + at, stream.begin() + at + chunk);
      at += chunk;
      for (;;) {
        const Attempt a = attempt(pending);
        ASSERT_NE(a.got.outcome, Outcome::kError);
        if (a.got.outcome == Outcome::kNeedMore) break;
        seen.push_back(a.frame.head.id);
        pending.erase(pending.begin(), pending.begin() + a.got.size);
      }
    }
    EXPECT_TRUE(pending.empty());
    EXPECT_EQ(seen, ids);
  }
}

TEST(Frame, RefusesWhatIsNoBoltAtTheFirstBytes) {
  EXPECT_EQ(error_of(as_bytes("GET / HTTP/1.1\r\n")), BoltError::kUnknownProtocol);
  EXPECT_EQ(error_of(as_bytes("\x16\x03\x01")), BoltError::kUnknownProtocol) << "TLS";
  EXPECT_EQ(error_of(Bytes{13}), BoltError::kUnknownProtocol) << "tr";
  EXPECT_EQ(error_of(Bytes{0}), BoltError::kUnknownProtocol);
  EXPECT_EQ(error_of(Bytes{2, 3}), BoltError::kUnknownVersion);
  EXPECT_EQ(error_of(Bytes{2, 0}), BoltError::kUnknownVersion);
  EXPECT_EQ(error_of(Bytes{1, 3}), BoltError::kUnknownType);
  EXPECT_EQ(error_of(Bytes{2, 1, 0xff}), BoltError::kUnknownType);
}

TEST(Frame, RefusesCommandsThatTheTypeCannotCarry) {
  auto with = [](FrameType type, std::uint16_t command) {
    Bytes bytes = frame_of(head_of(kFormV1, type));
    store_be(&bytes[2], command);
    return bytes;
  };
  EXPECT_EQ(error_of(with(FrameType::kRequest, 2)), BoltError::kUnknownCommand);
  EXPECT_EQ(error_of(with(FrameType::kRequest, 3)), BoltError::kUnknownCommand);
  EXPECT_EQ(error_of(with(FrameType::kResponse, 1)), BoltError::kUnknownCommand);
  EXPECT_EQ(error_of(with(FrameType::kResponse, 100)), BoltError::kUnknownCommand);
  EXPECT_EQ(error_of(with(FrameType::kOneway, 0x6400)), BoltError::kUnknownCommand);
  EXPECT_EQ(attempt(with(FrameType::kRequest, 100)).got.outcome, Outcome::kFrame);
  EXPECT_EQ(attempt(with(FrameType::kResponse, 0)).got.outcome, Outcome::kFrame);
}

TEST(Frame, RefusesTheReservedSwitchBitAndNegativeLengths) {
  Bytes bytes = frame_of(head_of(kFormV2, FrameType::kRequest));
  bytes[11] = 0x80;
  EXPECT_EQ(error_of(bytes), BoltError::kBadSwitch);
  const Bytes sound = frame_of(head_of(kFormV1, FrameType::kRequest));
  for (std::size_t at : {14, 16, 18}) {
    bytes = sound;
    bytes[at] |= 0x80;
    EXPECT_EQ(error_of(bytes), BoltError::kBadLength);
  }
}

TEST(Frame, LyingLengthsEndAtTheLimitsAndTheStreamCanGoOn) {
  Bytes bytes = frame_of(head_of(kFormV1, FrameType::kRequest), "c", {}, "");
  store_be(&bytes[18], std::int32_t{8 << 20});
  EXPECT_EQ(attempt(bytes).got.outcome, Outcome::kNeedMore) << "exactly the limit";
  store_be(&bytes[18], std::int32_t{(8 << 20) + 1});
  const Attempt a = attempt(bytes);
  EXPECT_EQ(a.got.error, BoltError::kTooLarge);
  EXPECT_TRUE(a.got.head_known);
  EXPECT_EQ(a.frame.head.id, 0x01020304u);
  EXPECT_EQ(a.got.size, 22u + 1 + (8 << 20) + 1);
  store_be(&bytes[18], std::int32_t{0x7fffffff});
  EXPECT_EQ(error_of(bytes), BoltError::kTooLarge);

  const Bytes small = frame_of(head_of(kFormV1, FrameType::kRequest), "class", header_of({{"k", "v"}}), "content");
  EXPECT_EQ(error_of(small, {.class_bytes = 4}), BoltError::kTooLarge);
  EXPECT_EQ(error_of(small, {.header_bytes = 9}), BoltError::kTooLarge);
  EXPECT_EQ(error_of(small, {.content_bytes = 6}), BoltError::kTooLarge);
}

TEST(Frame, AnyFlippedBitUnderACrcIsFound) {
  const Bytes sound = frame_of(head_of(kFormV2Crc, FrameType::kRequest), "c", header_of({{"k", "v"}}), "content");
  ASSERT_EQ(attempt(sound).got.outcome, Outcome::kFrame);
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    Bytes bytes = sound;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const Attempt a = attempt(bytes);
    // A flipped version or switch says that there is no CRC, a flipped length moves it: seen in the bytes left over.
    const bool consumed_all = a.got.outcome == Outcome::kFrame && a.got.size == bytes.size();
    EXPECT_FALSE(consumed_all) << "bit " << bit;
  }
  Bytes bytes = sound;
  bytes.back() ^= 1;
  EXPECT_EQ(error_of(bytes), BoltError::kBadCrc);
  EXPECT_EQ(attempt(bytes).got.size, sound.size());
}

TEST(Frame, CrcGoesOnFromBlockToBlock) {
  const BytesView all = as_bytes("123456789");
  EXPECT_EQ(crc32(0, all), 0xcbf43926u) << "the check value of CRC-32";
  EXPECT_EQ(crc32(crc32(0, all.first(4)), all.subspan(4)), 0xcbf43926u);
  EXPECT_EQ(crc32(7, {}), 7u) << "an empty block changes nothing";
}

TEST(Frame, EncodingRefusesWhatALengthCannotSay) {
  Bytes out;
  const Bytes header(kMaxHeaderBytes + 1);
  const auto result = append_frame(out, {}, "c", header, {});
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(BoltError::kTooLarge));
  EXPECT_TRUE(out.empty());
  EXPECT_FALSE(append_frame(out, {}, std::string(kMaxClassBytes + 1, 'c'), {}, {}));
  EXPECT_TRUE(append_frame(out, {}, std::string(kMaxClassBytes, 'c'), Bytes(kMaxHeaderBytes), {}));
}

TEST(Frame, GoAwayIsMosns) {
  const ShortFrame frame = go_away(kFormV1, 7);
  EXPECT_THAT(frame.view(), testing::ElementsAre(1, 1, 0, 100, 1, 0, 0, 0, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(attempt(frame.view()).frame.head.command, Command::kGoAway);
}

TEST(Frame, RandomBytesNeverReadBeyondTheEnd) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(random() % 64);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    // Steer past the first checks, so that the rest is reached.
    if (bytes.size() > 3) {
      bytes[0] = 1 + random() % 2;
      bytes[1] = random() % 3;
      bytes[2] = random() % 3;
    }
    const Attempt a = attempt(bytes);
    if (a.got.outcome == Outcome::kNeedMore) ASSERT_GT(a.got.size, bytes.size());
    if (a.got.outcome == Outcome::kFrame) ASSERT_LE(a.got.size, bytes.size());
  }
}

TEST(Readdress, ChangesIdAndTimeoutAndTheChecksum) {
  for (const Form form : {kFormV1, kFormV2, kFormV2Crc}) {
    Head head{.form = form, .id = 7, .timeout_ms = 3000};
    Bytes frame;
    ASSERT_TRUE(append_frame(frame, head, kRequestClass, {}, as_bytes("content")));
    FrameView view;
    ASSERT_EQ(decode(frame, {}, view).outcome, Outcome::kFrame);
    readdress(frame, view.head, 4'000'000'000, 250);
    ASSERT_EQ(decode(frame, {}, view).outcome, Outcome::kFrame);
    EXPECT_EQ(view.head.id, 4'000'000'000U);
    EXPECT_EQ(view.head.timeout_ms, 250);
    EXPECT_EQ(as_text(view.content), "content");
  }
}

}  // namespace
}  // namespace sofa::bolt
