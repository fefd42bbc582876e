#include "sofa/cli/codec_tool.h"

#include <fmt/format.h>

#include "sofa/cli/command.h"
#include "sofa/wire/bolt/notation.h"
#include "sofa/wire/hessian/notation.h"

namespace sofa::cli {
namespace {

hessian::Notation hessian_notation(bool typed) {
  return typed ? hessian::Notation::kTyped : hessian::Notation::kPlain;
}

Result<std::string> decode_hessian(BytesView bytes, bool typed) {
  return hessian::print_stream(bytes, hessian_notation(typed));
}

Result<Bytes> hessian_again(BytesView bytes) {
  SOFA_TRY(const auto values, hessian::read_values(bytes));
  return hessian::write_values(values);
}

// Content beyond what a server takes is still worth looking at.
constexpr bolt::Limits kBoltLimits{.content_bytes = kMaxInputBytes};

// The frames of a stream, one after the other. A frame whose CRC is wrong is a frame still.
template <class Each>
Result<void> for_each_frame(BytesView bytes, Each&& each) {
  for (std::size_t at = 0; at < bytes.size();) {
    const BytesView rest = bytes.subspan(at);
    bolt::FrameView frame;
    const bolt::Decoded got = bolt::decode(rest, kBoltLimits, frame);
    if (got.outcome == bolt::Outcome::kNeedMore) {
      return fail(CliError::kInput, "the frame at offset {} is cut off: it has {} of at least {} bytes", at,
                  rest.size(), got.size);
    }
    if (got.outcome == bolt::Outcome::kError && got.error != bolt::BoltError::kBadCrc) {
      return fail(Error(CliError::kInput, fmt::format("no Bolt frame at offset {}", at))
                      .caused_by(bolt::describe(got, rest, frame, kBoltLimits)));
    }
    SOFA_TRY_VOID(each(frame));
    at += got.size;
  }
  return {};
}

bool is_hessian(const bolt::FrameView& frame) {
  return frame.head.codec == bolt::Codec::kHessian2;
}

Result<std::string> decode_bolt(BytesView bytes, bool typed) {
  // Content that is not what the frame says it is shows as hex.
  const bolt::PrintContent content = [typed](const bolt::FrameView& frame, std::string& out) {
    if (!is_hessian(frame)) return false;
    auto text = decode_hessian(frame.content, typed);
    if (text) out += *text;
    return text.has_value();
  };
  std::string out = "[";
  SOFA_TRY_VOID(for_each_frame(bytes, [&](const bolt::FrameView& frame) -> Result<void> {
    if (out.size() > 1) out += ",\n";
    out += bolt::to_json(frame, typed ? bolt::Notation::kTyped : bolt::Notation::kReadable, content);
    return {};
  }));
  return out + "]";
}

Result<Bytes> bolt_again(BytesView bytes) {
  Bytes out;
  SOFA_TRY_VOID(for_each_frame(bytes, [&](const bolt::FrameView& frame) -> Result<void> {
    if (frame.content.empty() || !is_hessian(frame)) return bolt::append_again(out, frame, frame.content);
    SOFA_TRY(const Bytes content, hessian_again(frame.content));
    return bolt::append_again(out, frame, content);
  }));
  return out;
}

constexpr CodecTool kTools[] = {
    {"hessian", "a stream of Hessian values", decode_hessian, hessian_again},
    {"bolt", "Bolt frames, one after the other, as captured from one direction of a connection", decode_bolt,
     bolt_again},
};

}  // namespace

std::span<const CodecTool> codec_tools() {
  return kTools;
}

Result<const CodecTool*> find_codec_tool(std::string_view kind) {
  std::string kinds;
  for (const CodecTool& tool : kTools) {
    if (tool.kind == kind) return &tool;
    kinds += fmt::format("{}{}", kinds.empty() ? "" : ", ", tool.kind);
  }
  return fail(CliError::kUnknownKind, "cannot read '{}': KIND is one of {}", kind, kinds);
}

}  // namespace sofa::cli
