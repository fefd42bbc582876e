#include "sofa/wire/bolt/names.h"

namespace sofa::bolt {

std::string_view name(FrameType type) {
  switch (type) {
    case FrameType::kResponse:
      return "response";
    case FrameType::kRequest:
      return "request";
    case FrameType::kOneway:
      return "oneway";
  }
  return {};
}

std::string_view name(Command command) {
  switch (command) {
    case Command::kHeartbeat:
      return "heartbeat";
    case Command::kRequest:
      return "request";
    case Command::kResponse:
      return "response";
    case Command::kGoAway:
      return "go_away";
  }
  return {};
}

std::string_view name(Codec codec) {
  switch (codec) {
    case Codec::kHessian2:
      return "hessian2";
    case Codec::kJava:
      return "java";
    case Codec::kHessian2Old:
      return "hessian2_old";
    case Codec::kProtobuf:
      return "protobuf";
    case Codec::kJson:
      return "json";
    case Codec::kMsgpack:
      return "msgpack";
    case Codec::kProtostuff:
      return "protostuff";
    case Codec::kFury2:
      return "fury2";
    case Codec::kFory:
      return "fory";
  }
  return {};
}

std::string_view name(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "success";
    case Status::kError:
      return "error";
    case Status::kServerException:
      return "server_exception";
    case Status::kUnknown:
      return "unknown";
    case Status::kServerThreadPoolBusy:
      return "server_thread_pool_busy";
    case Status::kErrorCommunication:
      return "error_communication";
    case Status::kNoProcessor:
      return "no_processor";
    case Status::kTimeout:
      return "timeout";
    case Status::kClientSendError:
      return "client_send_error";
    case Status::kCodecException:
      return "codec_exception";
    case Status::kConnectionClosed:
      return "connection_closed";
    case Status::kServerSerialException:
      return "server_serial_exception";
    case Status::kServerDeserialException:
      return "server_deserial_exception";
  }
  return {};
}

}  // namespace sofa::bolt
