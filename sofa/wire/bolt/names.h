// The names that Bolt and SOFARPC give to numbers and header keys on the wire.
//
// Sources: sofa-bolt 1.6 (ResponseStatus, RpcCommandType, RpcCommandCode), sofa-rpc 5.13 (RemotingConstants,
// RpcConstants), and the golden frames. GoAway is an extension that MOSN sends; Java's Bolt refuses it.
#pragma once

#include <cstdint>
#include <string_view>

namespace sofa::bolt {

enum class Protocol : std::uint8_t { kV1 = 1, kV2 = 2 };
enum class FrameType : std::uint8_t { kResponse = 0, kRequest = 1, kOneway = 2 };
enum class Command : std::uint16_t { kHeartbeat = 0, kRequest = 1, kResponse = 2, kGoAway = 100 };

/// How the content is serialized. A frame may carry any number here: an unknown one is for the server to answer.
enum class Codec : std::uint8_t {
  kHessian2 = 1,
  kJava = 2,
  kHessian2Old = 4,
  kProtobuf = 11,
  kJson = 12,
  kMsgpack = 13,
  kProtostuff = 14,
  kFury2 = 22,
  kFory = 23,
};

/// The outcome in a response. SOFARPC's clients make kTimeout, kClientSendError and kConnectionClosed for themselves,
/// and its servers never send them; all clients understand kTimeout from a server, and ours sends it when a call's
/// deadline ended it.
enum class Status : std::uint16_t {
  kSuccess = 0x00,
  kError = 0x01,
  kServerException = 0x02,
  kUnknown = 0x03,
  kServerThreadPoolBusy = 0x04,
  kErrorCommunication = 0x05,
  kNoProcessor = 0x06,
  kTimeout = 0x07,
  kClientSendError = 0x08,
  kCodecException = 0x09,
  kConnectionClosed = 0x10,
  kServerSerialException = 0x11,
  kServerDeserialException = 0x12,
};

/// Lower-case names as the tools print them (`request`, `hessian2`, `server_thread_pool_busy`); empty when unknown.
std::string_view name(FrameType type);
std::string_view name(Command command);
std::string_view name(Codec codec);
std::string_view name(Status status);

// Class names in the head of a SOFARPC frame.
inline constexpr std::string_view kRequestClass = "com.alipay.sofa.rpc.core.request.SofaRequest";
inline constexpr std::string_view kResponseClass = "com.alipay.sofa.rpc.core.response.SofaResponse";
/// What a Java server answers with under any status that is an error and has content.
inline constexpr std::string_view kServerExceptionClass = "com.alipay.remoting.rpc.exception.RpcServerException";

// Keys of the header map of a request.
inline constexpr std::string_view kService = "service";
inline constexpr std::string_view kTargetService = "sofa_head_target_service";
inline constexpr std::string_view kMethodName = "sofa_head_method_name";
inline constexpr std::string_view kTargetApp = "sofa_head_target_app";
inline constexpr std::string_view kGenericType = "sofa_head_generic_type";  // 0 plain, 1 mixed, 2 generic
inline constexpr std::string_view kGenericRevise = "generic.revise";
inline constexpr std::string_view kDeadlineRemainTime = "sofa_head_deadline_remain_time";  // milliseconds, from 5.14 on
inline constexpr std::string_view kApp = "app";
inline constexpr std::string_view kProtocol = "protocol";
inline constexpr std::string_view kInvokeType = "type";  // sync, future, callback, oneway
inline constexpr std::string_view kTraceId = "rpc_trace_context.sofaTraceId";
inline constexpr std::string_view kRpcId = "rpc_trace_context.sofaRpcId";
inline constexpr std::string_view kSampled = "rpc_trace_context.samp";
inline constexpr std::string_view kPenetrateAttributes = "rpc_trace_context.sofaPenAttrs";
inline constexpr std::string_view kSystemPenetrateAttributes = "rpc_trace_context.sysPenAttrs";
// Only enterprise programs and proxies send these.
inline constexpr std::string_view kCallerApp = "rpc_trace_context.sofaCallerApp";
inline constexpr std::string_view kCallerZone = "rpc_trace_context.sofaCallerZone";
inline constexpr std::string_view kCallerIdc = "rpc_trace_context.sofaCallerIdc";
inline constexpr std::string_view kCallerIp = "rpc_trace_context.sofaCallerIp";
/// The whole span in one text, in place of rpc_trace_context.*: what Java sends to providers whose registry entry says
/// version 5.1 or later. `tcid=…&spid=…&pspid=…&sample=true&_sys_k=v&k=v&`.
inline constexpr std::string_view kNewTrace = "new_rpc_trace_context";
inline constexpr std::string_view kRequestBaggagePrefix = "rpc_req_baggage.";
inline constexpr std::string_view kTraceparent = "traceparent";  // W3C's
inline constexpr std::string_view kTransaction = "TX_XID";       // Seata's filters for SOFARPC
inline constexpr std::string_view kTransactionLower = "tx_xid";
// Ours; the family has none on Bolt.
inline constexpr std::string_view kUnit = "sofa_unit";  // `shard,flags,epoch,uid`
inline constexpr std::string_view kIdempotencyKey = "sofa_idempotency_key";
inline constexpr std::string_view kPriority = "sofa_priority";

// Keys of the header map of a response.
inline constexpr std::string_view kResponseError = "sofa_head_response_error";  // `true`, else absent
inline constexpr std::string_view kResponseBaggagePrefix = "rpc_resp_baggage.";

}  // namespace sofa::bolt
