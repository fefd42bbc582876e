// RequestTemplate: the constant bytes of one method's requests, built once, and the frames made from them.
//
//   const RequestTemplate echo(identity, method, {.oneway = false});
//   echo.write(frame, id, timeout_ms, encode, &arguments);                      // two copies of constant bytes and
//   patches echo.write(frame, id, timeout_ms, encode, &arguments, extras);              // with trace, baggage, own
//   headers
//
// The frames are those of a Java SOFARPC client (Bolt v1, Hessian): header map and requestProps say the same things.
// Immutable, so every shard may use it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/rpc/frame_buffer.h"
#include "sofa/rpc/method.h"
#include "sofa/rpc/request_extras.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::rpc {

/// Who calls what, for all methods of a reference.
struct CallIdentity {
  std::string service;          // `interface:version[:uniqueId]`
  std::string app = {};         // the caller's; empty: not sent
  std::string target_app = {};  // empty: unknown, not sent
};

class RequestTemplate {
 public:
  struct Kind {
    bool oneway = false;
    int generic_type = -1;  // as CallOptions::generic_type
  };
  RequestTemplate(const CallIdentity& identity, const Method& method, Kind kind);

  using EncodeArguments = void (*)(hessian::Writer& to, const void* arguments);
  /// Fills `frame` with a whole request. False when the header map does not fit into a frame (32767 bytes).
  [[nodiscard]] bool write(FrameBuffer& frame, std::uint32_t id, std::int32_t timeout_ms, EncodeArguments encode,
                           const void* arguments, const RequestExtras& extras = {}) const;

  const bolt::Head& head() const { return head_; }

 private:
  void write_content(const CallIdentity& identity, const Method& method, Kind kind);

  Bytes bytes_;             // head, class name, header map, content up to the first argument
  std::size_t header_end_;  // where further header entries go
  std::size_t props_at_;    // where further requestProps go
  bolt::Head head_;
  // What the content registers with a writer; extras may add one map for the trace and one for the baggage.
  hessian::Writer::Tables tables_[3];
};

}  // namespace sofa::rpc
