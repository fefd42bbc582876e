// Bolt frames: decoding them where they lie, and writing them.
//
// A frame is head, class name, header map, content, and in v2 sometimes a CRC (big-endian throughout):
//
//   v1       proto type command(2) cmdver id(4) codec                timeout(4)|status(2) class(2) header(2) content(4)
//   v2 proto version type command(2) cmdver id(4) codec switch       timeout(4)|status(2) class(2) header(2) content(4)
//
// so the head is 22/20 bytes in v1 (request/response) and 24/22 in v2, and the lengths are always its last 8 bytes.
//
//   FrameView frame;
//   Decoded got = decode(bytes, limits, frame);
//   if (got.outcome == Outcome::kFrame)    { serve(frame); consume(got.size); }
//   if (got.outcome == Outcome::kNeedMore) { wait until got.size bytes are here; }
//   if (got.outcome == Outcome::kError)    { close, or, where got.size is set, answer and skip got.size bytes; }
//
// Nothing is copied, allocated or kept: a FrameView points into the bytes that were given. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/wire/bolt/error.h"
#include "sofa/wire/bolt/header.h"
#include "sofa/wire/bolt/names.h"

namespace sofa::bolt {

/// The lengths of class name and header map are signed shorts.
inline constexpr std::uint32_t kMaxClassBytes = 32767;
inline constexpr std::uint32_t kMaxHeaderBytes = 32767;
inline constexpr std::size_t kMaxHeadBytes = 24;
inline constexpr std::size_t kCrcBytes = 4;
/// Switch bit 0: the frame ends with a CRC, if its version is 2 (a version 1 frame sets the bit and carries none).
inline constexpr std::uint8_t kSwitchCrc = 0x01;

/// How one end speaks on a connection. An answer has the form of its request.
struct Form {
  Protocol protocol = Protocol::kV1;
  std::uint8_t version = 1;   // 1 or 2; on the wire in v2 only
  std::uint8_t switches = 0;  // bits 0-6; on the wire in v2 only

  constexpr bool carries_crc() const {
    return protocol == Protocol::kV2 && version == 2 && (switches & kSwitchCrc) != 0;
  }
  friend constexpr bool operator==(const Form&, const Form&) = default;
};
inline constexpr Form kFormV1{};
inline constexpr Form kFormV2{Protocol::kV2, 2, 0};
inline constexpr Form kFormV2Crc{Protocol::kV2, 2, kSwitchCrc};

// Offsets inside a head, for those who build a frame once and patch it for every call.
constexpr std::size_t id_offset(Protocol protocol) {
  return protocol == Protocol::kV1 ? 5 : 6;
}
constexpr std::size_t codec_offset(Protocol protocol) {
  return id_offset(protocol) + 4;
}
/// Of the timeout in a request, of the status in a response.
constexpr std::size_t timeout_offset(Protocol protocol) {
  return protocol == Protocol::kV1 ? 10 : 12;
}
constexpr std::size_t head_size(Protocol protocol, FrameType type) {
  return (protocol == Protocol::kV1 ? 22 : 24) - (type == FrameType::kResponse ? 2 : 0);
}
constexpr std::size_t content_length_offset(Protocol protocol, FrameType type) {
  return head_size(protocol, type) - 4;
}

/// Everything that stands in a frame's head.
struct Head {
  Form form{};
  FrameType type = FrameType::kRequest;
  Command command = Command::kRequest;
  std::uint8_t command_version = 1;
  Codec codec = Codec::kHessian2;
  std::uint32_t id = 0;
  std::int32_t timeout_ms = -1;      // requests; -1 in oneway and heartbeat
  Status status = Status::kSuccess;  // responses
  std::uint32_t class_bytes = 0;     // <= kMaxClassBytes
  std::uint32_t header_bytes = 0;    // <= kMaxHeaderBytes
  std::uint32_t content_bytes = 0;   // <= INT32_MAX

  constexpr std::size_t head_size() const { return bolt::head_size(form.protocol, type); }
  /// Of the whole frame, CRC included.
  constexpr std::size_t frame_size() const {
    return head_size() + class_bytes + header_bytes + content_bytes + (form.carries_crc() ? kCrcBytes : 0);
  }
};

/// A frame in somebody's buffer.
struct FrameView {
  Head head;
  std::string_view class_name;
  BytesView header;  // read it with HeaderReader or find_header(); decode() does not look inside
  BytesView content;
  BytesView bytes;  // the whole frame
};

struct Limits {
  std::uint32_t class_bytes = kMaxClassBytes;
  std::uint32_t header_bytes = kMaxHeaderBytes;
  std::uint32_t content_bytes = 8u << 20;            // as SOFARPC's transport.payload.max
  std::uint32_t header_entries = kMaxHeaderEntries;  // for HeaderReader: decode() does not look into the map
};

enum class Outcome : std::uint8_t { kFrame, kNeedMore, kError };

struct Decoded {
  Outcome outcome;
  /// The head was complete and is in `frame.head`, also with kNeedMore, kTooLarge, kBadCrc.
  bool head_known;
  BoltError error;  // with kError only
  /// kFrame: bytes of the frame. kNeedMore: bytes that must be there before another try is of use: the whole frame's
  /// once the head is known, always more than were given. kError: bytes of the whole frame where the stream can go on
  /// behind it (kTooLarge, kBadCrc), else 0.
  std::size_t size;
};

/// Looks for one frame at the start of `in`. Costs the same however large the frame is, but for a CRC, which is
/// computed when the frame is complete.
Decoded decode(BytesView in, const Limits& limits, FrameView& frame);

/// An Error that says what was wrong with `in`, for logs and for the answer; not for the hot path.
Error describe(const Decoded& decoded, BytesView in, const FrameView& frame, const Limits& limits);

/// The head of an answer to `request`: its form, switch, codec and id.
Head answer_to(const Head& request);
/// The head of an answer made by the framework itself: Hessian, switch 0 and so no CRC, as Java's server does.
Head error_answer_to(const Head& request, Status status);

/// Writes a head to `out`, which has room for `head.head_size()`, and gives their number. The lengths must be within
/// the ranges of Head; a length that is not known yet may be 0 and patched later.
std::size_t write_head(const Head& head, std::uint8_t* out);

/// Patches the content's length into a head that was written before.
inline void patch_content_length(std::uint8_t* head, std::size_t head_size, std::uint32_t content_bytes) {
  store_be(head + head_size - 4, content_bytes);
}
inline void patch_id(std::uint8_t* head, Protocol protocol, std::uint32_t id) {
  store_be(head + id_offset(protocol), id);
}

/// CRC-32 (IEEE, as zlib's). Start with 0 and go on with what the call before gave, block by block, over everything
/// before the CRC with all lengths in place; store it big-endian.
std::uint32_t crc32(std::uint32_t crc, BytesView bytes);

/// Addresses a whole frame, whose head is `head`, anew: another id and, in a request, another timeout.
void readdress(std::span<std::uint8_t> frame, const Head& head, std::uint32_t id, std::int32_t timeout_ms = -1);

/// Appends a whole frame to `out`. Lengths are taken from the views, not from `head`. Error: kTooLarge.
Result<void> append_frame(Bytes& out, Head head, std::string_view class_name, BytesView header, BytesView content);

/// A frame that is only a head.
struct ShortFrame {
  std::uint8_t data[kMaxHeadBytes];
  std::uint8_t size;
  BytesView view() const { return {data, size}; }
};
ShortFrame heartbeat(Form form, std::uint32_t id);
ShortFrame heartbeat_ack(const Head& heartbeat);
/// Only for connections that are configured as ours or MOSN's: Java's Bolt raises on it.
ShortFrame go_away(Form form, std::uint32_t id);

}  // namespace sofa::bolt
