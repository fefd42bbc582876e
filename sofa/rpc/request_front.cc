#include "sofa/rpc/request_front.h"

#include <algorithm>
#include <cstring>

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

}  // namespace

void Pattern::keep(BytesView bytes, Span trace, Span rpc) {
  bytes_.assign(bytes.begin(), bytes.end());
  trace_ = trace;
  rpc_ = rpc;
  Span first = trace, second = rpc;
  if (second.at < first.at) std::swap(first, second);
  const std::uint32_t behind_first = first.at + first.size;
  const std::uint32_t behind_second = second.at + second.size;
  fixed_ = {Span{0, first.at}, Span{behind_first, second.at - behind_first},
            Span{behind_second, static_cast<std::uint32_t>(bytes.size()) - behind_second}};
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
  header_.trace_id = header_pattern_.trace(map);
  header_.rpc_id = header_pattern_.rpc(map);
  return true;
}

bool RequestFront::recognise(const bolt::FrameView& frame, hessian::Reader& in) {
  if (!recognise_header(frame.header) || !content_pattern_.fits(frame.content)) return false;
  // In the content the ids must be the header's, and their characters as many as their bytes: then its values stand
  // where they stood.
  if (content_pattern_.trace(frame.content) != header_.trace_id ||
      content_pattern_.rpc(frame.content) != header_.rpc_id || !is_ascii(header_.trace_id) ||
      !is_ascii(header_.rpc_id)) {
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

void RequestFront::keep(const bolt::FrameView& frame, const hessian::Reader& in) {
  const BytesView front = frame.content.first(in.offset());
  if (header_.custom > 0 || header_.trace_id.empty() != header_.rpc_id.empty()) return;
  if (frame.header.size() + front.size() > Pattern::kMostBytes) return;
  const Pattern::Span trace = span_behind("\x0bsofaTraceId", header_.trace_id, front);
  const Pattern::Span rpc = span_behind("\x09sofaRpcId", header_.rpc_id, front);
  if (trace.size != header_.trace_id.size() || rpc.size != header_.rpc_id.size()) return;
  header_pattern_.keep(frame.header, span_of(header_.trace_id, frame.header), span_of(header_.rpc_id, frame.header));
  content_pattern_.keep(front, trace, rpc);
  in.keep_front(values_);

  // From here on the views are into the kept bytes.
  const auto move = [](std::string_view& text, BytesView from, const std::uint8_t* to) {
    if (!text.empty()) text = {reinterpret_cast<const char*>(to) + (as_bytes(text).data() - from.data()), text.size()};
  };
  for (const auto field :
       {&RequestHeader::service, &RequestHeader::target_service, &RequestHeader::method, &RequestHeader::app,
        &RequestHeader::penetrate_attributes, &RequestHeader::system_penetrate_attributes, &RequestHeader::sampled}) {
    move(header_.*field, frame.header, header_pattern_.data());
  }
  move(request_.method, front, content_pattern_.data());
  move(request_.service, front, content_pattern_.data());
  for (std::string_view& signature : request_.signatures) move(signature, front, content_pattern_.data());
  is_kept_ = true;
}

}  // namespace sofa::rpc
