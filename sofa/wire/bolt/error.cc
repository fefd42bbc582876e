#include "sofa/wire/bolt/error.h"

#include "sofa/wire/bolt/frame.h"

namespace sofa::bolt {
namespace {

std::string_view code_name(int code) {
  switch (static_cast<BoltError>(code)) {
    case BoltError::kUnknownProtocol:
      return "unknown_protocol";
    case BoltError::kUnknownVersion:
      return "unknown_version";
    case BoltError::kUnknownType:
      return "unknown_type";
    case BoltError::kUnknownCommand:
      return "unknown_command";
    case BoltError::kBadSwitch:
      return "bad_switch";
    case BoltError::kBadLength:
      return "bad_length";
    case BoltError::kTooLarge:
      return "too_large";
    case BoltError::kBadCrc:
      return "bad_crc";
    case BoltError::kBadHeader:
      return "bad_header";
  }
  return "?";
}

std::string text_of(const Decoded& decoded, BytesView in, const FrameView& frame, const Limits& limits) {
  const Head& head = frame.head;
  const std::size_t type_at = head.form.protocol == Protocol::kV2 ? 2 : 1;
  switch (decoded.error) {
    case BoltError::kUnknownProtocol:
      return fmt::format("the first byte is 0x{:02x}, and Bolt starts with 01 or 02: is another protocol spoken here?",
                         in[0]);
    case BoltError::kUnknownVersion:
      return fmt::format("protocol 2 has versions 1 and 2, not {}", in[1]);
    case BoltError::kUnknownType:
      return fmt::format("a frame's type is 0, 1 or 2, not {}", in[type_at]);
    case BoltError::kUnknownCommand:
      return fmt::format("a {} cannot carry command {}", name(head.type), static_cast<int>(head.command));
    case BoltError::kBadSwitch:
      return fmt::format("switch 0x{:02x} has bit 7 set", head.form.switches);
    case BoltError::kBadLength:
      return "a length in the head is negative";
    case BoltError::kTooLarge:
      return fmt::format("class name {}, header {}, content {} bytes: the limits are {}, {}, {}", head.class_bytes,
                         head.header_bytes, head.content_bytes, limits.class_bytes, limits.header_bytes,
                         limits.content_bytes);
    case BoltError::kBadCrc:
      return fmt::format("the CRC of frame {} is wrong: {} bytes were damaged on the way", head.id, decoded.size);
    case BoltError::kBadHeader:
      return fmt::format("the header map of frame {} is damaged", head.id);
  }
  return {};
}

}  // namespace

const ErrorPart& error_part(BoltError) {
  static constexpr ErrorPart kPart{"bolt", code_name};
  return kPart;
}

Error describe(const Decoded& decoded, BytesView in, const FrameView& frame, const Limits& limits) {
  return {decoded.error, text_of(decoded, in, frame, limits)};
}

}  // namespace sofa::bolt
