// SofaResponse on the wire: the frames that answer requests, and reading them.
//
// A server builds one whole frame per answer in a FrameBuffer:
//
//   write_answer(frame, request_head, encode, &value);                            // the value
//   write_thrown_answer(frame, request_head, write_it, &exception);               // the service threw
//   write_error_answer(frame, request_head, no_such_service(key));                // SOFARPC itself could not serve it
//   write_server_exception(frame, request_head, Status::kServerDeserialException, message);   // Bolt could not
//   write_status(frame, request_head, Status::kServerThreadPoolBusy);
//
// All answer in the form of the request. Source: SOFARPC 5.13 SofaResponse and SofaRpcSerialization, Bolt 1.6
// RpcCommandFactory, and the golden frames.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sofa/rpc/frame_buffer.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::rpc {

using EncodeValue = void (*)(hessian::Writer& to, const void* value);

/// Sent in the header map and in responseProps, as Java does: proxies read the one, Java clients the other.
using ResponseBaggage = std::span<const std::pair<std::string, std::string>>;

void write_answer(FrameBuffer& frame, const bolt::Head& request, EncodeValue encode, const void* value,
                  ResponseBaggage baggage = {});
/// `encode` writes the Java object of what was thrown.
void write_thrown_answer(FrameBuffer& frame, const bolt::Head& request, EncodeValue encode, const void* thrown,
                         ResponseBaggage baggage = {});
void write_error_answer(FrameBuffer& frame, const bolt::Head& request, std::string_view message);
/// An RpcServerException, for what went wrong below SOFARPC. `request` need not have been a SofaRequest.
void write_server_exception(FrameBuffer& frame, const bolt::Head& request, bolt::Status status,
                            std::string_view message);
/// A status that says it all.
void write_status(FrameBuffer& frame, const bolt::Head& request, bolt::Status status);

// The family's texts.
std::string no_such_service(std::string_view service);
std::string no_such_method(std::string_view method, std::string_view service);
/// As Java's Bolt wraps what failed in the server: `[Server]OriginErrorMsg: <class>: <message>. AdditionalErrorMsg: …`.
std::string server_message(std::string_view java_class, std::string_view message, std::string_view additional = "null");

/// What an answer's SofaResponse says; for a value, or what was thrown, the reader stands at it.
struct SofaResponse {
  bool is_error = false;
  std::string error_message;
};
/// Reads up to appResponse; when is_error is set the reader's place means nothing. False: `in` holds the error.
bool read_sofa_response(hessian::Reader& in, SofaResponse& response);

}  // namespace sofa::rpc
