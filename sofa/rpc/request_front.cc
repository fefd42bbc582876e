#include "sofa/rpc/request_front.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Pattern::Span span_of(std::string_view text, BytesView in) {
  if (text.empty()) return {};
  return {static_cast<std::uint32_t>(as_bytes(text).data() - in.data()), static_cast<std::uint32_t>(text.size())};
}

// The short text behind the short text `key` in Hessian bytes; empty when it is not there. Whether the bytes found are
// really that need not be known: they must be the header's trace wherever the pattern shall fit.
Pattern::Span span_behind(std::string_view key, std::string_view value, BytesView in) {
  const std::string_view text = as_text(in);
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos || at + key.size() + 1 + value.size() > text.size()) return {};
  const std::size_t value_at = at + key.size() + 1;
  if (value.empty() || text.substr(value_at, value.size()) != value) return {};
  if (static_cast<std::size_t>(text[value_at - 1]) != value.size()) return {};
  return {static_cast<std::uint32_t>(value_at), static_cast<std::uint32_t>(value.size())};
}

// A Hessian int that takes up all of `bytes`.
std::optional<std::int32_t> int_of(BytesView bytes) {
  const auto big_endian = [&](std::size_t from) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes.subspan(from)) value = value << 8 | byte;
    return static_cast<std::int32_t>(value);
  };
  switch (bytes.size()) {
    case 1:
      if (bytes[0] >= 0x80 && bytes[0] <= 0xbf) return bytes[0] - 0x90;
      break;
    case 2:
      if (bytes[0] >= 0xc0 && bytes[0] <= 0xcf) return big_endian(0) - (0xc8 << 8);
      break;
    case 3:
      if (bytes[0] >= 0xd0 && bytes[0] <= 0xd7) return big_endian(0) - (0xd4 << 16);
      break;
    case 5:
      if (bytes[0] == 'I') return big_endian(1);
      break;
    default:
      break;
  }
  return std::nullopt;
}

// The int behind the time's key; empty when there is none that says `ms`.
Pattern::Span remain_behind_key(std::int32_t ms, BytesView in) {
  const std::size_t key_at = as_text(in).find(bolt::kDeadlineRemainTime);
  if (key_at == std::string_view::npos) return {};
  const std::size_t at = key_at + bolt::kDeadlineRemainTime.size();
  for (const std::size_t size : {1U, 2U, 3U, 5U}) {
    if (at + size <= in.size() && int_of(in.subspan(at, size)) == ms) {
      return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)};
    }
  }
  return {};
}

}  // namespace

bool Pattern::keep(BytesView bytes, const Spans& varying) {
  bytes_.assign(bytes.begin(), bytes.end());
  varying_ = varying;
  Spans in_order = varying;
  std::ranges::sort(in_order, {}, &Span::at);
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    if (in_order[i].at < at) return false;
    fixed_[i] = {at, in_order[i].at - at};
    at = in_order[i].at + in_order[i].size;
  }
  fixed_.back() = {at, static_cast<std::uint32_t>(bytes.size()) - at};
  return true;
}

bool Pattern::fits(BytesView in) const {
  if (in.size() < bytes_.size()) return false;
  for (const Span span : fixed_) {
    if (span.size != 0 && std::memcmp(in.data() + span.at, bytes_.data() + span.at, span.size) != 0) return false;
  }
  return true;
}

bool RequestFront::recognise_header(BytesView map) {
  if (!is_kept_ || map.size() != header_pattern_.size() || !header_pattern_.fits(map)) return false;
  if (header_.new_trace.empty()) {
    header_.trace_id = header_pattern_.text(Pattern::kTrace, map);
    header_.rpc_id = header_pattern_.text(Pattern::kRpc, map);
  } else {
    header_.new_trace = header_pattern_.text(Pattern::kTrace, map);
    read_new_trace(header_);
  }
  if (header_pattern_.has(Pattern::kRemain)) {
    header_.remain = header_pattern_.text(Pattern::kRemain, map);
    header_.remain_ms = read_remain_ms(header_.remain);
  }
  return true;
}

bool RequestFront::recognise(const bolt::FrameView& frame, hessian::Reader& in) {
  if (!recognise_header(frame.header) || !content_pattern_.fits(frame.content)) return false;
  // In the content they must be the header's, and their characters as many as their bytes: then its values stand where
  // they stood.
  for (const auto which : {Pattern::kTrace, Pattern::kRpc}) {
    const std::string_view text = content_pattern_.text(which, frame.content);
    if (text != header_pattern_.text(which, frame.header) || !is_ascii(text)) return false;
  }
  if (content_pattern_.has(Pattern::kRemain) &&
      int_of(as_bytes(content_pattern_.text(Pattern::kRemain, frame.content))) != header_.remain_ms) {
    return false;
  }
  in.pass_front(values_);
  return true;
}

bool RequestFront::read_header(BytesView map, std::uint32_t max_entries) {
  is_kept_ = false;
  route = {};
  header_ = {};
  return parse_request_header(map, header_, max_entries);
}

bool RequestFront::find_varying(BytesView content, Pattern::Spans& found) const {
  if (header_.new_trace.empty()) {
    found[Pattern::kTrace] = span_behind("\x0bsofaTraceId", header_.trace_id, content);
    found[Pattern::kRpc] = span_behind("\x09sofaRpcId", header_.rpc_id, content);
    if (found[Pattern::kTrace].size != header_.trace_id.size() || found[Pattern::kRpc].size != header_.rpc_id.size()) {
      return false;
    }
  } else {
    const std::size_t at = as_text(content).find(header_.new_trace);
    if (at == std::string_view::npos) return false;
    found[Pattern::kTrace] = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(header_.new_trace.size())};
  }
  // A proxy may have put the time into the header only.
  const bool says_remain = as_text(content).find(bolt::kDeadlineRemainTime) != std::string_view::npos;
  found[Pattern::kRemain] = remain_behind_key(header_.remain_ms, content);
  return says_remain == (found[Pattern::kRemain].size != 0);
}

void RequestFront::keep(const bolt::FrameView& frame, const hessian::Reader& in) {
  const BytesView front = frame.content.first(in.offset());
  if (header_.custom > 0 || header_.trace_id.empty() != header_.rpc_id.empty()) return;
  if (frame.header.size() + front.size() > Pattern::kMostBytes) return;
  Pattern::Spans in_content{};
  if (!find_varying(front, in_content)) return;
  const bool is_new = !header_.new_trace.empty();
  const Pattern::Spans in_header{span_of(is_new ? header_.new_trace : header_.trace_id, frame.header),
                                 span_of(is_new ? std::string_view() : header_.rpc_id, frame.header),
                                 span_of(header_.remain, frame.header)};
  if (!header_pattern_.keep(frame.header, in_header) || !content_pattern_.keep(front, in_content)) return;
  in.keep_front(values_);

  // From here on the views are into the kept bytes.
  const auto move = [](std::string_view& text, BytesView from, const std::uint8_t* to) {
    if (!text.empty()) text = {reinterpret_cast<const char*>(to) + (as_bytes(text).data() - from.data()), text.size()};
  };
  for (const auto field :
       {&RequestHeader::service, &RequestHeader::target_service, &RequestHeader::method, &RequestHeader::app,
        &RequestHeader::penetrate_attributes, &RequestHeader::system_penetrate_attributes, &RequestHeader::sampled,
        &RequestHeader::caller_app, &RequestHeader::caller_zone, &RequestHeader::invoke_type}) {
    move(header_.*field, frame.header, header_pattern_.data());
  }
  move(request_.method, front, content_pattern_.data());
  move(request_.service, front, content_pattern_.data());
  for (std::string_view& signature : request_.signatures) move(signature, front, content_pattern_.data());
  is_kept_ = true;
}

}  // namespace sofa::rpc
