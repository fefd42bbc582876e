#include "sofa/rpc/request_template.h"

#include <cassert>

#include "sofa/base/endian.h"
#include "sofa/rpc/sofa_request.h"
#include "sofa/wire/bolt/header.h"
#include "sofa/wire/bolt/names.h"

namespace sofa::rpc {
namespace {

std::string_view type_of(const RequestTemplate::Kind& kind) {
  return kind.oneway ? "oneway" : "sync";
}

Bytes constant_header(const CallIdentity& identity, const Method& method, const RequestTemplate::Kind& kind) {
  Bytes map;
  bolt::append_header_entry(map, bolt::kTargetService, identity.service);
  if (!identity.app.empty()) bolt::append_header_entry(map, bolt::kApp, identity.app);
  bolt::append_header_entry(map, bolt::kProtocol, "bolt");
  bolt::append_header_entry(map, bolt::kService, identity.service);
  bolt::append_header_entry(map, bolt::kMethodName, method.name);
  if (!identity.target_app.empty()) bolt::append_header_entry(map, bolt::kTargetApp, identity.target_app);
  bolt::append_header_entry(map, bolt::kInvokeType, type_of(kind));
  if (kind.generic_type >= 0) {
    bolt::append_header_entry(map, bolt::kGenericType, std::to_string(kind.generic_type));
    bolt::append_header_entry(map, bolt::kGenericRevise, "true");
  }
  return map;
}

void write_entry(hessian::Writer& to, std::string_view key, std::string_view value) {
  to.write_string(key);
  to.write_string(value);
}

}  // namespace

RequestTemplate::RequestTemplate(const CallIdentity& identity, const Method& method, Kind kind) {
  const Bytes header = constant_header(identity, method, kind);
  head_.type = kind.oneway ? bolt::FrameType::kOneway : bolt::FrameType::kRequest;
  head_.class_bytes = bolt::kRequestClass.size();
  head_.header_bytes = static_cast<std::uint32_t>(header.size());
  bytes_.resize(head_.head_size());
  bolt::write_head(head_, bytes_.data());
  bytes_.insert(bytes_.end(), bolt::kRequestClass.begin(), bolt::kRequestClass.end());
  bytes_.insert(bytes_.end(), header.begin(), header.end());
  header_end_ = bytes_.size();

  write_content(identity, method, kind);
}

void RequestTemplate::write_content(const CallIdentity& identity, const Method& method, Kind kind) {
  hessian::BytesSink sink(bytes_);
  hessian::Writer to(sink);
  to.begin_object(sofa_request_definition());
  identity.target_app.empty() ? to.write_null() : to.write_string(identity.target_app);
  to.write_string(method.name);
  to.write_string(identity.service);
  to.begin_map("");
  if (!identity.app.empty()) write_entry(to, bolt::kApp, identity.app);
  write_entry(to, bolt::kProtocol, "bolt");
  if (kind.generic_type >= 0) {
    write_entry(to, bolt::kGenericType, std::to_string(kind.generic_type));
    write_entry(to, bolt::kGenericRevise, "true");
  }
  tables_[0] = to.tables();
  to.finish();
  props_at_ = bytes_.size();

  hessian::BytesSink rest_sink(bytes_);
  hessian::Writer rest(rest_sink);
  rest.resume(tables_[0]);
  write_entry(rest, bolt::kInvokeType, type_of(kind));
  rest.end_map();
  rest.begin_list("[string", static_cast<std::int32_t>(method.signatures.size()));
  for (const std::string_view signature : method.signatures) rest.write_string(signature);
  rest.end_list();
  hessian::Writer::Tables tables = rest.tables();  // views into tables_[0] until here
  rest.finish();
  tables_[0] = std::move(tables);
  for (const std::uint32_t more : {1U, 2U}) {
    tables_[more] = tables_[0];
    tables_[more].references += more;
  }
}

bool RequestTemplate::write(FrameBuffer& frame, std::uint32_t id, std::int32_t timeout_ms, EncodeArguments encode,
                            const void* arguments, const RequestExtras& extras) const {
  frame.clear();
  std::size_t content_at = header_end_;
  if (extras.empty()) {
    frame.append(bytes_);
  } else {
    frame.append(BytesView(bytes_).first(header_end_));
    add_header_entries(frame, extras);
    content_at = frame.size();
    if (content_at - head_.head_size() - head_.class_bytes > bolt::kMaxHeaderBytes) return false;
    store_be(frame.data() + head_.head_size() - 6,
             static_cast<std::uint16_t>(content_at - head_.head_size() - head_.class_bytes));
    frame.append(BytesView(bytes_).subspan(header_end_, props_at_ - header_end_));
    hessian::Writer to(frame);
    write_props(to, extras);
    to.finish();
    frame.append(BytesView(bytes_).subspan(props_at_));
  }
  hessian::Writer to(frame);
  to.resume(tables_[(extras.trace ? 1 : 0) + (extras.baggage.empty() ? 0 : 1)]);
  encode(to, arguments);
  to.finish();
  bolt::patch_id(frame.data(), head_.form.protocol, id);
  store_be(frame.data() + bolt::timeout_offset(head_.form.protocol), timeout_ms);
  bolt::patch_content_length(frame.data(), head_.head_size(), static_cast<std::uint32_t>(frame.size() - content_at));
  return true;
}

}  // namespace sofa::rpc
