#include "sofa/wire/bolt/notation.h"

#include <iterator>

#include <fmt/format.h>

#include "sofa/base/json_text.h"

namespace sofa::bolt {
namespace {

// Writes the members of one JSON object.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  void number(std::string_view name, std::int64_t value) {
    key(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void boolean(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  /// The name of an enum's value, its number where it has none.
  template <class E>
  void named(std::string_view member, E value) {
    const std::string_view text_of_value = bolt::name(value);
    if (text_of_value.empty()) return number(member, static_cast<int>(value));
    text(member, text_of_value);
  }

 private:
  std::string& out_;
};

void append_text_or_null(std::string& out, std::string_view text) {
  is_null(text) ? void(out += "null") : append_json_string(out, text);
}

// As pairs, or as an object; false when the map is damaged.
bool append_header(std::string& out, BytesView map, bool pairs) {
  out += pairs ? '[' : '{';
  HeaderReader reader(map);
  bool first = true;
  for (HeaderEntry entry; reader.next(entry); first = false) {
    if (!first) out += ',';
    if (pairs) out += '[';
    // A null key cannot be an object's name: it is shown as an empty one.
    pairs ? append_text_or_null(out, entry.key) : append_json_string(out, entry.key);
    out += pairs ? ',' : ':';
    append_text_or_null(out, entry.value);
    if (pairs) out += ']';
  }
  out += pairs ? ']' : '}';
  return !reader.damaged();
}

void append_head_typed(Members& members, const FrameView& frame) {
  const Head& head = frame.head;
  members.number("size", static_cast<std::int64_t>(head.frame_size()));
  members.number("protocol", static_cast<int>(head.form.protocol));
  const bool v2 = head.form.protocol == Protocol::kV2;
  if (v2) members.number("version", head.form.version);
  members.number("type", static_cast<int>(head.type));
  members.number("command", static_cast<int>(head.command));
  members.number("command_version", head.command_version);
  members.number("id", static_cast<std::int32_t>(head.id));
  members.number("codec", static_cast<int>(head.codec));
  if (v2) members.number("switch", head.form.switches);
  if (head.type == FrameType::kResponse) {
    members.number("status", static_cast<int>(head.status));
  } else {
    members.number("timeout", head.timeout_ms);
  }
  members.text("class", frame.class_name);
  members.number("header_length", head.header_bytes);
  members.number("content_length", head.content_bytes);
}

void append_head_readable(Members& members, const FrameView& frame) {
  const Head& head = frame.head;
  const bool v2 = head.form.protocol == Protocol::kV2;
  members.text("protocol", v2 ? "bolt v2" : "bolt v1");
  if (v2) members.number("version", head.form.version);
  members.named("type", head.type);
  members.named("command", head.command);
  members.number("id", static_cast<std::int32_t>(head.id));
  members.named("codec", head.codec);
  if (v2) members.number("switch", head.form.switches);
  if (head.type == FrameType::kResponse) {
    members.named("status", head.status);
  } else {
    members.number("timeout_ms", head.timeout_ms);
  }
  members.number("size_bytes", static_cast<std::int64_t>(head.frame_size()));
  members.text("class", frame.class_name);
}

void append_crc(Members& members, const FrameView& frame) {
  const BytesView covered = frame.bytes.first(frame.bytes.size() - kCrcBytes);
  const auto sent = load_be<std::uint32_t>(covered.data() + covered.size());
  members.text("crc", fmt::format("{:08x}", sent));
  members.boolean("crc_right", sent == crc32(0, covered));
}

}  // namespace

std::string to_json(const FrameView& frame, Notation notation, const PrintContent& print_content) {
  const bool typed = notation == Notation::kTyped;
  std::string out;
  Members members(out);
  typed ? append_head_typed(members, frame) : append_head_readable(members, frame);
  if (frame.head.form.carries_crc()) append_crc(members, frame);
  members.key("header");
  if (!append_header(out, frame.header, typed)) members.boolean("header_damaged", true);
  if (!frame.content.empty()) {
    const std::size_t before = out.size();
    members.key("content");
    if (!print_content || !print_content(frame, out)) {
      out.resize(before);
      members.key("content_hex");
      fmt::format_to(std::back_inserter(out), "\"{:02x}\"", fmt::join(frame.content, ""));
    }
  }
  members.close();
  return out;
}

Result<void> append_again(Bytes& out, const FrameView& frame, BytesView content) {
  Bytes map;
  map.reserve(frame.header.size());
  HeaderReader reader(frame.header);
  for (HeaderEntry entry; reader.next(entry);) append_header_entry(map, entry.key, entry.value);
  if (reader.damaged()) {
    return fail(BoltError::kBadHeader, "the header map of frame {} is damaged behind {} of {} bytes", frame.head.id,
                map.size(), frame.header.size());
  }
  return append_frame(out, frame.head, frame.class_name, map, content);
}

}  // namespace sofa::bolt
