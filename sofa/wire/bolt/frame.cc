#include "sofa/wire/bolt/frame.h"

#include <cassert>
#include <cstring>
#include <limits>

#include <zlib.h>

namespace sofa::bolt {
namespace {

constexpr std::uint8_t kSwitchReserved = 0x80;

// The outcome is set and the decoding ends: always false, for `return need(…)`.
bool need(Decoded& outcome, std::size_t size) {
  outcome = {Outcome::kNeedMore, false, {}, size};
  return false;
}
bool refuse(Decoded& outcome, BoltError error) {
  outcome = {Outcome::kError, false, error, 0};
  return false;
}

bool fits(FrameType type, Command command) {
  switch (command) {
    case Command::kHeartbeat:
      return true;
    case Command::kRequest:
    case Command::kGoAway:
      return type != FrameType::kResponse;
    case Command::kResponse:
      return type == FrameType::kResponse;
  }
  return false;
}

// Reads the three lengths, the last 8 bytes of a head. A sign bit is a negative length: Java's are signed.
bool read_lengths(const std::uint8_t* at, const Limits& limits, Head& head, Decoded& outcome) {
  const auto class_bytes = load_be<std::int16_t>(at);
  const auto header_bytes = load_be<std::int16_t>(at + 2);
  const auto content_bytes = load_be<std::int32_t>(at + 4);
  if ((class_bytes | header_bytes | content_bytes) < 0) return refuse(outcome, BoltError::kBadLength);
  head.class_bytes = static_cast<std::uint32_t>(class_bytes);
  head.header_bytes = static_cast<std::uint32_t>(header_bytes);
  head.content_bytes = static_cast<std::uint32_t>(content_bytes);
  if (head.class_bytes > limits.class_bytes || head.header_bytes > limits.header_bytes ||
      head.content_bytes > limits.content_bytes) {
    outcome = {Outcome::kError, true, BoltError::kTooLarge, head.frame_size()};
    return false;
  }
  return true;
}

// Reads the head, judging every byte as soon as it is there. True: the head is complete and in order.
bool read_head(BytesView in, const Limits& limits, Head& head, Decoded& outcome) {
  if (in.empty()) return need(outcome, head_size(Protocol::kV1, FrameType::kResponse));
  const std::uint8_t* at = in.data();
  head.form.protocol = Protocol{at[0]};
  const bool v2 = head.form.protocol == Protocol::kV2;
  if (!v2 && head.form.protocol != Protocol::kV1) return refuse(outcome, BoltError::kUnknownProtocol);
  const std::size_t type_at = v2 ? 2 : 1;
  if (v2 && in.size() > 1 && at[1] != 1 && at[1] != 2) return refuse(outcome, BoltError::kUnknownVersion);
  if (in.size() <= type_at) return need(outcome, head_size(head.form.protocol, FrameType::kResponse));
  if (at[type_at] > static_cast<std::uint8_t>(FrameType::kOneway)) return refuse(outcome, BoltError::kUnknownType);
  head.type = FrameType{at[type_at]};
  const std::size_t size = head.head_size();
  if (in.size() < size) return need(outcome, size);

  head.form.version = v2 ? at[1] : 1;
  at += type_at + 1;
  head.command = Command{load_be<std::uint16_t>(at)};
  if (!fits(head.type, head.command)) return refuse(outcome, BoltError::kUnknownCommand);
  head.command_version = at[2];
  head.id = load_be<std::uint32_t>(at + 3);
  head.codec = Codec{at[7]};
  at += 8;
  head.form.switches = v2 ? *at++ : 0;
  if (head.form.switches & kSwitchReserved) return refuse(outcome, BoltError::kBadSwitch);
  if (head.type == FrameType::kResponse) {
    head.status = Status{load_be<std::uint16_t>(at)};
    head.timeout_ms = -1;
    at += 2;
  } else {
    head.status = Status::kSuccess;
    head.timeout_ms = load_be<std::int32_t>(at);
    at += 4;
  }
  return read_lengths(at, limits, head, outcome);
}

ShortFrame short_frame(Head head) {
  head.form.switches = 0;
  ShortFrame frame;
  frame.size = static_cast<std::uint8_t>(write_head(head, frame.data));
  return frame;
}

}  // namespace

Decoded decode(BytesView in, const Limits& limits, FrameView& frame) {
  Decoded outcome;
  if (!read_head(in, limits, frame.head, outcome)) return outcome;
  const Head& head = frame.head;
  const std::size_t size = head.frame_size();
  if (in.size() < size) return {Outcome::kNeedMore, true, {}, size};

  const std::uint8_t* at = in.data() + head.head_size();
  frame.class_name = as_text({at, head.class_bytes});
  at += head.class_bytes;
  frame.header = {at, head.header_bytes};
  at += head.header_bytes;
  frame.content = {at, head.content_bytes};
  at += head.content_bytes;
  frame.bytes = in.first(size);
  if (head.form.carries_crc() && load_be<std::uint32_t>(at) != crc32(0, in.first(size - kCrcBytes))) {
    return {Outcome::kError, true, BoltError::kBadCrc, size};
  }
  return {Outcome::kFrame, true, {}, size};
}

Head answer_to(const Head& request) {
  Head head;
  head.form = request.form;
  head.type = FrameType::kResponse;
  head.command = request.command == Command::kHeartbeat ? Command::kHeartbeat : Command::kResponse;
  head.codec = request.codec;
  head.id = request.id;
  return head;
}

Head error_answer_to(const Head& request, Status status) {
  Head head = answer_to(request);
  head.form.switches = 0;
  head.codec = Codec::kHessian2;
  head.status = status;
  return head;
}

std::size_t write_head(const Head& head, std::uint8_t* out) {
  assert(head.class_bytes <= kMaxClassBytes && head.header_bytes <= kMaxHeaderBytes);
  assert(head.content_bytes <= std::numeric_limits<std::int32_t>::max());
  const bool v2 = head.form.protocol == Protocol::kV2;
  std::uint8_t* at = out;
  *at++ = static_cast<std::uint8_t>(head.form.protocol);
  if (v2) *at++ = head.form.version;
  *at++ = static_cast<std::uint8_t>(head.type);
  store_be(at, static_cast<std::uint16_t>(head.command));
  at[2] = head.command_version;
  store_be(at + 3, head.id);
  at[7] = static_cast<std::uint8_t>(head.codec);
  at += 8;
  if (v2) *at++ = head.form.switches;
  if (head.type == FrameType::kResponse) {
    store_be(at, static_cast<std::uint16_t>(head.status));
    at += 2;
  } else {
    store_be(at, head.timeout_ms);
    at += 4;
  }
  store_be(at, static_cast<std::uint16_t>(head.class_bytes));
  store_be(at + 2, static_cast<std::uint16_t>(head.header_bytes));
  store_be(at + 4, head.content_bytes);
  return static_cast<std::size_t>(at + 8 - out);
}

std::uint32_t crc32(std::uint32_t crc, BytesView bytes) {
  if (bytes.empty()) return crc;  // zlib takes a null pointer for a wish to start anew
  return static_cast<std::uint32_t>(::crc32_z(crc, bytes.data(), bytes.size()));
}

void readdress(std::span<std::uint8_t> frame, const Head& head, std::uint32_t id, std::int32_t timeout_ms) {
  patch_id(frame.data(), head.form.protocol, id);
  if (head.type != FrameType::kResponse) {
    store_be(frame.data() + timeout_offset(head.form.protocol), static_cast<std::uint32_t>(timeout_ms));
  }
  if (!head.form.carries_crc()) return;
  std::uint8_t* end = frame.data() + frame.size() - kCrcBytes;
  store_be(end, crc32(0, frame.first(frame.size() - kCrcBytes)));
}

Result<void> append_frame(Bytes& out, Head head, std::string_view class_name, BytesView header, BytesView content) {
  if (class_name.size() > kMaxClassBytes || header.size() > kMaxHeaderBytes ||
      content.size() > std::numeric_limits<std::int32_t>::max()) {
    return fail(BoltError::kTooLarge,
                "a frame cannot carry a class name of {}, a header of {} and a content of {} bytes: "
                "class name and header end at 32767",
                class_name.size(), header.size(), content.size());
  }
  head.class_bytes = static_cast<std::uint32_t>(class_name.size());
  head.header_bytes = static_cast<std::uint32_t>(header.size());
  head.content_bytes = static_cast<std::uint32_t>(content.size());

  const std::size_t start = out.size();
  out.reserve(start + head.frame_size());
  std::uint8_t raw[kMaxHeadBytes];
  out.insert(out.end(), raw, raw + write_head(head, raw));
  out.insert(out.end(), class_name.begin(), class_name.end());
  out.insert(out.end(), header.begin(), header.end());
  out.insert(out.end(), content.begin(), content.end());
  if (head.form.carries_crc()) {
    std::uint8_t crc[kCrcBytes];
    store_be(crc, crc32(0, BytesView(out).subspan(start)));
    out.insert(out.end(), crc, crc + kCrcBytes);
  }
  return {};
}

ShortFrame heartbeat(Form form, std::uint32_t id) {
  return short_frame({.form = form, .command = Command::kHeartbeat, .id = id});
}

ShortFrame heartbeat_ack(const Head& heartbeat) {
  return short_frame(answer_to(heartbeat));
}

ShortFrame go_away(Form form, std::uint32_t id) {
  return short_frame({.form = form, .command = Command::kGoAway, .id = id, .timeout_ms = 0});
}

}  // namespace sofa::bolt
