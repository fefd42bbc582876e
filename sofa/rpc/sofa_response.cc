#include "sofa/rpc/sofa_response.h"

#include "sofa/base/endian.h"
#include "sofa/wire/bolt/header.h"
#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

const hessian::Definition& response_definition() {
  static constexpr std::string_view kFields[] = {"isError", "errorMsg", "appResponse", "responseProps"};
  static const hessian::Definition definition(bolt::kResponseClass, kFields);
  return definition;
}

const hessian::Definition& server_exception_definition() {
  static constexpr std::string_view kFields[] = {"detailMessage", "cause", "stackTrace", "suppressedExceptions"};
  static const hessian::Definition definition(bolt::kServerExceptionClass, kFields);
  return definition;
}

// The constant bytes between a SofaResponse frame's head and appResponse, and what they register with the writer.
struct Front {
  Bytes header;  // the header map
  Bytes bytes;   // class name, header map, content up to appResponse
  hessian::Writer::Tables tables;
};

Front make_front(bool error_header) {
  Front front;
  if (error_header) bolt::append_header_entry(front.header, bolt::kResponseError, "true");
  front.bytes.assign(bolt::kResponseClass.begin(), bolt::kResponseClass.end());
  front.bytes.insert(front.bytes.end(), front.header.begin(), front.header.end());
  hessian::BytesSink sink(front.bytes);
  hessian::Writer to(sink);
  to.begin_object(response_definition());
  to.write_bool(false);  // isError
  to.write_null();       // errorMsg
  front.tables = to.tables();
  to.finish();
  return front;
}

const Front& value_front() {
  static const Front front = make_front(false);
  return front;
}
const Front& thrown_front() {
  static const Front front = make_front(true);
  return front;
}

void write_props(hessian::Writer& to, bool is_error, ResponseBaggage baggage) {
  if (!is_error && baggage.empty()) return to.write_null();
  to.begin_map("");
  if (is_error) {
    to.write_string(bolt::kResponseError);
    to.write_string("true");
  }
  for (const auto& [key, value] : baggage) {
    to.write_string(std::string(bolt::kResponseBaggagePrefix) + key);
    to.write_string(value);
  }
  to.end_map();
}

// Builds head and front; `content_at` is where the content starts.
void begin(FrameBuffer& frame, const bolt::Head& head, BytesView front) {
  frame.clear();
  bolt::write_head(head, frame.extend(head.head_size()));
  frame.append(front);
}

// Patches the content's length and adds the CRC where the form carries one.
void finish(FrameBuffer& frame, const bolt::Head& head) {
  const std::size_t before = head.head_size() + head.class_bytes + head.header_bytes;
  bolt::patch_content_length(frame.data(), head.head_size(), static_cast<std::uint32_t>(frame.size() - before));
  if (!head.form.carries_crc()) return;
  const std::uint32_t crc = bolt::crc32(0, frame.bytes());
  store_be(frame.extend(bolt::kCrcBytes), crc);
}

bolt::Head response_head(const bolt::Head& request, const Front& front) {
  bolt::Head head = bolt::answer_to(request);
  head.class_bytes = bolt::kResponseClass.size();
  head.header_bytes = static_cast<std::uint32_t>(front.header.size());
  return head;
}

// Builds a frame up to appResponse, with `baggage` in its header map.
bolt::Head begin_response(FrameBuffer& frame, const bolt::Head& request, const Front& front, ResponseBaggage baggage) {
  bolt::Head head = response_head(request, front);
  if (baggage.empty()) {
    begin(frame, head, front.bytes);
    return head;
  }
  const std::size_t map_end = head.class_bytes + head.header_bytes;
  for (const auto& [key, value] : baggage) {
    head.header_bytes +=
        static_cast<std::uint32_t>(bolt::kResponseBaggagePrefix.size() + bolt::header_entry_bytes(key, value));
  }
  begin(frame, head, BytesView(front.bytes).first(map_end));
  for (const auto& [key, value] : baggage) {
    const std::string full = std::string(bolt::kResponseBaggagePrefix) + key;
    bolt::write_header_entry(frame.extend(bolt::header_entry_bytes(full, value)), full, value);
  }
  frame.append(BytesView(front.bytes).subspan(map_end));
  return head;
}

void write_response(FrameBuffer& frame, const bolt::Head& request, bool thrown, EncodeValue encode, const void* value,
                    ResponseBaggage baggage) {
  const Front& front = thrown ? thrown_front() : value_front();
  const bolt::Head head = begin_response(frame, request, front, baggage);
  hessian::Writer to(frame);
  to.resume(front.tables);
  encode(to, value);
  write_props(to, thrown, baggage);
  to.finish();
  finish(frame, head);
}

}  // namespace

void write_answer(FrameBuffer& frame, const bolt::Head& request, EncodeValue encode, const void* value,
                  ResponseBaggage baggage) {
  write_response(frame, request, false, encode, value, baggage);
}

void write_thrown_answer(FrameBuffer& frame, const bolt::Head& request, EncodeValue encode, const void* thrown,
                         ResponseBaggage baggage) {
  write_response(frame, request, true, encode, thrown, baggage);
}

void write_error_answer(FrameBuffer& frame, const bolt::Head& request, std::string_view message) {
  const Front& front = thrown_front();
  const bolt::Head head = response_head(request, front);
  begin(frame, head, BytesView(front.bytes).first(head.class_bytes + head.header_bytes));
  hessian::Writer to(frame);
  to.begin_object(response_definition());
  to.write_bool(true);
  to.write_string(message);
  to.write_null();
  write_props(to, true, {});
  to.finish();
  finish(frame, head);
}

void write_server_exception(FrameBuffer& frame, const bolt::Head& request, bolt::Status status,
                            std::string_view message) {
  bolt::Head head = bolt::error_answer_to(request, status);
  head.class_bytes = bolt::kServerExceptionClass.size();
  begin(frame, head, as_bytes(bolt::kServerExceptionClass));
  hessian::Writer to(frame);
  to.begin_object(server_exception_definition());
  to.write_string(message);
  to.write_reference(0);  // a Throwable without a cause is its own
  to.begin_list("[java.lang.StackTraceElement", 0);
  to.end_list();
  to.begin_list("java.util.Collections$EmptyList", 0);
  to.end_list();
  to.finish();
  finish(frame, head);
}

void write_status(FrameBuffer& frame, const bolt::Head& request, bolt::Status status) {
  const bolt::Head head = bolt::error_answer_to(request, status);
  begin(frame, head, {});
}

// The blank at the end is Java's: its text is followed by an empty detail.
std::string no_such_service(std::string_view service) {
  return fmt::format("RPC-020100010: RPC cannot find service: [{}] ", service);
}

std::string no_such_method(std::string_view method, std::string_view service) {
  return fmt::format("RPC-020100011: Cannot find invoke method: [{}], service: [{}] ", method, service);
}

std::string server_message(std::string_view java_class, std::string_view message, std::string_view additional) {
  return fmt::format("[Server]OriginErrorMsg: {}: {}. AdditionalErrorMsg: {}", java_class, message, additional);
}

namespace {

// Fields in any order: a first pass over the object takes isError and errorMsg, a second one stops at appResponse.
bool read_in_any_order(hessian::Reader& in, SofaResponse& response) {
  hessian::Reader ahead(in.bytes());
  const auto read_to = [&](hessian::Reader& from, bool to_value) {
    if (from.peek() != hessian::Kind::kObject || from.peek_class() != bolt::kResponseClass) {
      from.mismatch("a SofaResponse");
      return;
    }
    const hessian::Reader::Object object = from.begin_object();
    std::uint32_t at = from.ok() ? from.class_def(object.class_number).fields_at : 0;
    for (std::uint32_t i = 0; i < object.field_count && from.ok(); ++i) {
      const std::string_view field = from.next_field_name(at);
      if (to_value && field == "appResponse") return;
      if (!to_value && field == "isError") {
        response.is_error = from.read_bool();
      } else if (!to_value && field == "errorMsg" && from.peek() == hessian::Kind::kString) {
        response.error_message = from.read_string();
      } else {
        from.skip();
      }
    }
    if (to_value) from.mismatch("a SofaResponse with an appResponse");
  };
  read_to(ahead, false);
  if (!ahead.ok()) {
    in.fail(hessian::HessianError::kMismatch, ahead.error().message());
    return false;
  }
  read_to(in, true);
  return in.ok();
}

}  // namespace

bool read_sofa_response(hessian::Reader& in, SofaResponse& response) {
  if (!in.take_definition(response_definition(), nullptr, 0)) return read_in_any_order(in, response);
  if (in.peek() != hessian::Kind::kObject || in.peek_class() != bolt::kResponseClass) {
    in.mismatch("a SofaResponse");
    return false;
  }
  if (in.begin_object().class_number != 0) in.mismatch("an object of the first class");
  response.is_error = in.read_bool();
  if (!in.try_null()) response.error_message = in.read_string();
  return in.ok();
}

}  // namespace sofa::rpc
