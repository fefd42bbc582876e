// RequestFront: what stands in front of a request's arguments, read once and recognised when it comes again.
//
// A caller's requests to one method begin with the same bytes each time (header map, SofaRequest with its properties),
// but for the ids of the trace and the time that is left. Where these have other lengths, they are another shape, which
// is kept beside. So the server keeps what it read last, and where the next frame begins with just these
// bytes it knows what they say. The general way reads every request; this one only leaves out reading it again.
//
//   if (!front.recognise(frame, in)) {                       // `in` stands at the first argument, or untouched
//     if (!front.read_header(frame.header, max_entries)) …
//     if (!front.read_content(in)) …
//     front.keep(frame, in);
//   }
//   front.header(), front.service(), front.method(), front.signatures()
//
// Ownership: what it gives is valid until the next call to it, as long as the frame. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sofa/rpc/method.h"
#include "sofa/rpc/request_header.h"
#include "sofa/rpc/sofa_request.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/reader.h"

namespace sofa::rpc {

class Slot;

/// Bytes that must come again, but for a few spans.
class Pattern {
 public:
  static constexpr std::size_t kMostBytes = 8 * 1024;
  struct Span {
    std::uint32_t at = 0;
    std::uint32_t size = 0;
  };
  /// What varies: the trace's id (or the whole trace in its newer form), the RPC id, the time left. Size 0: not there.
  enum Varying : std::uint8_t { kTrace, kRpc, kRemain };
  using Spans = std::array<Span, 3>;

  /// The spans lie within `bytes`, in any order. False where they overlap: then there is no pattern.
  [[nodiscard]] bool keep(BytesView bytes, const Spans& varying);
  /// Whether `in` begins with the pattern.
  bool fits(BytesView in) const;
  bool has(Varying which) const { return varying_[which].size != 0; }
  std::string_view text(Varying which, BytesView in) const {
    return as_text(in.subspan(varying_[which].at, varying_[which].size));
  }
  std::size_t size() const { return bytes_.size(); }
  const std::uint8_t* data() const { return bytes_.data(); }

 private:
  Bytes bytes_;
  Spans varying_{};
  std::array<Span, 4> fixed_{};
};

class RequestFront {
 public:
  /// Whether the header map is the kept one, but for what varies: `header()` is then about this one.
  bool recognise_header(BytesView map);
  /// The same for all that comes before the arguments; `in` then stands at the first one.
  bool recognise(const bolt::FrameView& frame, hessian::Reader& in);

  /// The general way; false: the map is damaged, `in` holds the error.
  bool read_header(BytesView map, std::uint32_t max_entries);
  bool read_content(hessian::Reader& in) { return read_sofa_request(in, request_); }
  /// Keeps what was just read of `frame`, where it can come again.
  void keep(const bolt::FrameView& frame, const hessian::Reader& in);

  const RequestHeader& header() const { return header_; }
  /// What is called: the header comes first, a proxy may have rewritten it.
  std::string_view service() const {
    return header_.called_service().empty() ? request_.service : header_.called_service();
  }
  std::string_view method() const { return header_.method.empty() ? request_.method : header_.method; }
  std::span<const std::string_view> signatures() const { return request_.signatures; }

  /// Where it led the last time, and to which of the services that were installed there; the server's own.
  struct Route {
    Slot* slot = nullptr;
    std::uint64_t number = 0;
    const Method* method = nullptr;  // to be followed only while that one is installed
  };
  Route route;

 private:
  /// What varies in `content`, as far as it is the header's. False: it is not.
  bool find_varying(BytesView content, Pattern::Spans& found) const;

  bool is_kept_ = false;
  RequestHeader header_;
  SofaRequest request_;
  Pattern header_pattern_;
  Pattern content_pattern_;
  hessian::Reader::Front values_;
};

/// One for each of the shapes of header map that came last: callers and methods nearly always differ in its length.
class RequestFronts {
 public:
  RequestFront& of(BytesView map) { return fronts_[map.size() % fronts_.size()]; }

 private:
  std::array<RequestFront, 64> fronts_;
};

}  // namespace sofa::rpc
