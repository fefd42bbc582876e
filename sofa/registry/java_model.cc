#include "sofa/registry/java_model.h"

#include <algorithm>
#include <cstring>

#include "sofa/registry/error.h"

namespace sofa::registry {
namespace {

// What is not much is cheaper copied than sent as a piece of its own, and a block that is shared is 16 KiB at least.
constexpr std::size_t kCopied = 8192;

template <class T>
Result<JavaRequest> read(BytesView content) {
  SOFA_TRY(T request, hessian::from_bytes<T>(content));
  return JavaRequest(std::move(request));
}

const hessian::Definition& list_definition() {
  static constexpr std::string_view kFields[] = {"dataId",  "group",     "instanceId",          "segment", "scope",
                                                 "version", "localZone", "subscriberRegistIds", "data",    "dataCount"};
  static const hessian::Definition definition(ReceivedData::java_class, kFields);
  return definition;
}

const hessian::Definition& box_definition() {
  static constexpr std::string_view kFields[] = {"data"};
  static const hessian::Definition definition(DataBox::java_class, kFields);
  return definition;
}

/// The publishers by zone, in the order of their ids, so that a list looks the same whoever came first.
std::map<std::string_view, std::vector<const Publisher*>> by_zone(const Datum& datum, Scope scope,
                                                                  std::string_view zone) {
  std::map<std::string_view, std::vector<const Publisher*>> zones;
  for (const Publisher* publisher : datum.publishers) {
    if (scope == Scope::kZone && publisher->origin->zone != zone) continue;
    zones[publisher->origin->zone].push_back(publisher);
  }
  return zones;
}

void write_zone(hessian::Writer& to, std::string_view zone, const std::vector<const Publisher*>& publishers,
                std::int32_t boxes) {
  to.write_string(zone);
  to.begin_list("", boxes);
  for (const Publisher* publisher : publishers) {
    publisher->values.for_each([&](std::string_view value) {
      to.begin_object(box_definition());
      to.write_string(value);
    });
  }
  to.end_list();
}

std::int32_t count_boxes(const std::vector<const Publisher*>& publishers) {
  std::int32_t boxes = 0;
  for (const Publisher* publisher : publishers) publisher->values.for_each([&](std::string_view) { ++boxes; });
  return boxes;
}

}  // namespace

Result<RegisterResponse> read_register_response(BytesView content) {
  return hessian::from_bytes<RegisterResponse>(content);
}

Result<PushResult> read_push_result(BytesView content) {
  return hessian::from_bytes<PushResult>(content);
}

Result<ReceivedData> read_list(BytesView content) {
  return hessian::from_bytes<ReceivedData>(content);
}

Result<JavaRequest> read_request(std::string_view class_name, BytesView content) {
  if (class_name == PublisherRegister::java_class) return read<PublisherRegister>(content);
  if (class_name == SubscriberRegister::java_class) return read<SubscriberRegister>(content);
  if (class_name == ConfiguratorRegister::java_class) return read<ConfiguratorRegister>(content);
  if (class_name == SyncConfigRequest::java_class) return read<SyncConfigRequest>(content);
  return fail(RegistryError::kRequest, "a registry is not asked with {}", class_name);
}

Scope scope_of(std::string_view text) {
  if (text == "zone") return Scope::kZone;
  return text == "dataCenter" ? Scope::kDataCenter : Scope::kGlobal;
}

std::string_view to_string(Scope scope) {
  if (scope == Scope::kZone) return "zone";
  return scope == Scope::kDataCenter ? "dataCenter" : "global";
}

EncodedList::EncodedList(const Datum& datum, std::string_view data_center, Scope scope, std::string_view zone) {
  hessian::BytesSink sink(front_);
  hessian::Writer front(sink);
  front.begin_object(list_definition());
  front.write_string(datum.id.data_id);
  front.write_string(datum.id.group);
  front.write_string(datum.id.instance_id);
  front.write_string(data_center);
  front.write_string(to_string(scope));
  front.write_long(static_cast<std::int64_t>(std::max<std::uint64_t>(datum.version, 1)));
  front.write_string(zone);
  hessian::Writer::Tables tables = front.tables();
  front.finish();
  ++tables.references;  // the list of ids

  const auto zones = by_zone(datum, scope, zone);
  hessian::BytesSink rest(behind_);
  hessian::Writer behind(rest);
  behind.resume(tables);
  behind.begin_map("");
  for (const auto& [name, publishers] : zones) write_zone(behind, name, publishers, count_boxes(publishers));
  behind.end_map();
  behind.begin_map("");
  for (const auto& [name, publishers] : zones) {
    behind.write_string(name);
    behind.write_int(count_boxes(publishers));
  }
  behind.end_map();
  behind.finish();
  front_.shrink_to_fit();
  behind_.shrink_to_fit();
  if (behind_.size() <= kCopied) return;
  shared_ = BlockRef::make(behind_.size());
  shared_size_ = behind_.size();
  std::memcpy(shared_.data(), behind_.data(), shared_size_);
  behind_ = {};
}

void EncodedList::append_push(Chain& out, rpc::FrameBuffer& buffer, std::uint32_t id, std::int32_t timeout_ms,
                              std::span<Subscriber* const> subscribers) const {
  constexpr std::string_view kClass = ReceivedData::java_class;
  bolt::Head head;
  head.id = id;
  head.timeout_ms = timeout_ms;
  head.class_bytes = static_cast<std::uint32_t>(kClass.size());
  buffer.clear();
  bolt::write_head(head, buffer.extend(head.head_size()));
  buffer.append(kClass);
  const std::size_t content_at = buffer.size();
  buffer.append(front_);
  hessian::Writer to(buffer);
  to.begin_list("", static_cast<std::int32_t>(subscribers.size()));
  for (const Subscriber* subscriber : subscribers) to.write_string(subscriber->id.text());
  to.end_list();
  to.finish();
  buffer.append(behind_);
  bolt::patch_content_length(buffer.data(), head.head_size(),
                             static_cast<std::uint32_t>(buffer.size() - content_at + shared_size_));
  out.append(buffer.bytes());
  if (shared_size_ > 0) out.append_shared(shared_, {shared_.data(), shared_size_});
}

}  // namespace sofa::registry
