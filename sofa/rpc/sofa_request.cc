#include "sofa/rpc/sofa_request.h"

#include <string>

#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

void read_method(hessian::Reader& in, SofaRequest& request);
void read_service(hessian::Reader& in, SofaRequest& request);
void read_signatures(hessian::Reader& in, SofaRequest& request);
void pass(hessian::Reader& in, SofaRequest&) {
  in.skip();
}

using ReadField = void (*)(hessian::Reader&, SofaRequest&);
// The order of sofa_request_definition().
constexpr ReadField kJavaOrder[] = {pass, read_method, read_service, pass, read_signatures};

// Text that stays valid: a view into the stream. Names that Java writes in another way than UTF-8 (surrogate pairs,
// zero bytes) or in chunks match nothing that we serve; they come out empty.
std::string_view read_view(hessian::Reader& in) {
  if (in.try_null()) return {};
  std::string scratch;
  const std::string_view text = in.read_text(scratch);
  const auto stream = as_text(in.bytes());
  const bool inside = text.data() >= stream.data() && text.data() < stream.data() + stream.size();
  return inside ? text : std::string_view();
}

void read_method(hessian::Reader& in, SofaRequest& request) {
  request.method = read_view(in);
}
void read_service(hessian::Reader& in, SofaRequest& request) {
  request.service = read_view(in);
}

void read_signatures(hessian::Reader& in, SofaRequest& request) {
  if (in.try_null()) return;
  if (in.peek() != hessian::Kind::kList) return in.mismatch("methodArgSigs, a list of class names");
  request.signatures.clear();
  for (auto list = in.begin_list(); in.more(list);) {
    if (request.signatures.size() == kMaxParameters) {
      return in.fail(hessian::HessianError::kLimit, "a method of more than 255 parameters");
    }
    request.signatures.push_back(read_view(in));
  }
}

ReadField reader_of(std::string_view field) {
  if (field == "methodName") return read_method;
  if (field == "targetServiceUniqueName") return read_service;
  if (field == "methodArgSigs") return read_signatures;
  return pass;
}

}  // namespace

const hessian::Definition& sofa_request_definition() {
  static constexpr std::string_view kFields[] = {"targetAppName", "methodName", "targetServiceUniqueName",
                                                 "requestProps", "methodArgSigs"};
  static const hessian::Definition definition(bolt::kRequestClass, kFields);
  return definition;
}

bool read_sofa_request(hessian::Reader& in, SofaRequest& request) {
  request.method = request.service = {};
  request.signatures.clear();
  const bool as_java = in.take_definition(sofa_request_definition(), nullptr, 0);
  if (in.peek() != hessian::Kind::kObject || in.peek_class() != bolt::kRequestClass) {
    in.mismatch("a SofaRequest");
    return false;
  }
  const hessian::Reader::Object object = in.begin_object();
  if (as_java && object.class_number == 0) {
    for (const ReadField read_field : kJavaOrder) read_field(in, request);
  } else {
    std::uint32_t at = in.ok() ? in.class_def(object.class_number).fields_at : 0;
    for (std::uint32_t i = 0; i < object.field_count && in.ok(); ++i) reader_of(in.next_field_name(at))(in, request);
  }
  in.end_object();
  return in.ok();
}

}  // namespace sofa::rpc
