// The messages between the Java registry client and its server, and lists as they are pushed.
//
//   Result<JavaRequest> request = read_request(frame.class_name, frame.content);
//   if (auto* publisher = std::get_if<PublisherRegister>(&*request)) …
//   write_answer(buffer, frame.head, RegisterResponse{.success = true, …});
//
// Package com.alipay.sofa.registry.core.model of registry-client-all 5.2 to 6.5, as Bolt v1 with Hessian. Fields stand
// as the Java writer has them: a class's own before its parent's. Threads: any. Errors: hessian::HessianError,
// RegistryError::kRequest for a class that no client sends.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sofa/base/chain.h"
#include "sofa/base/error.h"
#include "sofa/registry/presence.h"
#include "sofa/rpc/frame_buffer.h"
#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/hessian/hessian.h"

namespace sofa::registry {

using Text = std::optional<std::string>;

struct DataBox {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.DataBox";
  Text data;
};

struct PublisherRegister {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.PublisherRegister";
  std::optional<std::vector<DataBox>> data_list = {};  // null of one that leaves
  Text instance_id = {}, zone = {}, app_name = {}, data_id = {}, group = {}, process_id = {}, regist_id = {},
       client_id = {}, data_info_id = {}, ip = {};
  std::optional<std::int32_t> port = {};
  Text event_type = "REGISTER";
  std::optional<std::int64_t> version = 1, timestamp = 0;
  std::optional<std::map<std::string, Text>> attributes = std::map<std::string, Text>();
};

struct SubscriberRegister {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.SubscriberRegister";
  Text scope = "global", accept_encoding = {};
  bool accept_multi = false;
  Text instance_id = {}, zone = {}, app_name = {}, data_id = {}, group = {}, process_id = {}, regist_id = {},
       client_id = {}, data_info_id = {}, ip = {};
  std::optional<std::int32_t> port = {};
  Text event_type = "REGISTER";
  std::optional<std::int64_t> version = 1, timestamp = 0;
  std::optional<std::map<std::string, Text>> attributes = std::map<std::string, Text>();
};

struct ConfiguratorRegister {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.ConfiguratorRegister";
  Text instance_id = {}, zone = {}, app_name = {}, data_id = {}, group = {}, process_id = {}, regist_id = {},
       client_id = {}, data_info_id = {}, ip = {};
  std::optional<std::int32_t> port = {};
  Text event_type = "REGISTER";
  std::optional<std::int64_t> version = 1, timestamp = 0;
  std::optional<std::map<std::string, Text>> attributes = std::map<std::string, Text>();
};

struct SyncConfigRequest {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.SyncConfigRequest";
  Text data_center = {}, zone = {};
};

struct RegisterResponse {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.RegisterResponse";
  bool success = false;
  Text regist_id = {};
  std::int64_t version = 0;
  bool refused = false;
  Text message = {};
};

struct SyncConfigResponse {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.SyncConfigResponse";
  std::int32_t retry_interval = 0;
  bool success = true;
  Text message = {};
  std::vector<std::string> available_segments = {};
};

struct ReceivedData {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.ReceivedData";
  Text data_id = {}, group = {}, instance_id = {}, segment = {}, scope = {};
  std::optional<std::int64_t> version = 0;
  Text local_zone = {};
  std::vector<std::string> subscriber_regist_ids = {};
  std::map<std::string, std::vector<DataBox>> data = {};
  std::map<std::string, std::int32_t> data_count = {};
};

struct ReceivedConfigData {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.ReceivedConfigData";
  Text data_id = {}, group = {}, instance_id = {};
  std::optional<std::int64_t> version = 0;
  std::vector<std::string> configurator_regist_ids = {};
  std::optional<DataBox> data_box = {};
};

/// What a client answers to a push. (Java's name is Result.)
struct PushResult {
  static constexpr auto java_class = "com.alipay.sofa.registry.core.model.Result";
  bool success = false;
  Text message = {};
};

Result<RegisterResponse> read_register_response(BytesView content);
Result<PushResult> read_push_result(BytesView content);
Result<ReceivedData> read_list(BytesView content);

using JavaRequest = std::variant<PublisherRegister, SubscriberRegister, ConfiguratorRegister, SyncConfigRequest>;
Result<JavaRequest> read_request(std::string_view class_name, BytesView content);

/// How a scope is written; an unknown one is global, as in Java.
Scope scope_of(std::string_view text);
std::string_view to_string(Scope scope);

/// The list of a datum for Java clients, of all zones or of one, encoded once for all who are told it.
class EncodedList {
 public:
  EncodedList(const Datum& datum, std::string_view data_center, Scope scope, std::string_view zone);

  /// Appends the whole request that tells it to these subscribers.
  void append_push(Chain& out, rpc::FrameBuffer& buffer, std::uint32_t id, std::int32_t timeout_ms,
                   std::span<Subscriber* const> subscribers) const;

 private:
  Bytes front_;      // of the content, up to the list of ids
  Bytes behind_;     // what is behind them; empty where it is shared instead
  BlockRef shared_;  // the same, of a list that is not copied for each who is told
  std::size_t shared_size_ = 0;
};

namespace detail {
/// Head, class name and content as they are sent, into `buffer`, which is cleared.
template <class T>
void write_frame(rpc::FrameBuffer& buffer, bolt::Head head, const T& content) {
  constexpr std::string_view kClass = T::java_class;
  head.class_bytes = static_cast<std::uint32_t>(kClass.size());
  buffer.clear();
  bolt::write_head(head, buffer.extend(head.head_size()));
  buffer.append(kClass);
  const std::size_t front = buffer.size();
  hessian::Writer to(buffer);
  hessian::encode(to, content);
  to.finish();
  bolt::patch_content_length(buffer.data(), head.head_size(), static_cast<std::uint32_t>(buffer.size() - front));
}
}  // namespace detail

// Their codecs are compiled once.
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const PublisherRegister&);
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const SubscriberRegister&);
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const RegisterResponse&);
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const SyncConfigResponse&);
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const ReceivedConfigData&);
extern template void detail::write_frame(rpc::FrameBuffer&, bolt::Head, const PushResult&);

template <class T>
void write_answer(rpc::FrameBuffer& buffer, const bolt::Head& request, const T& answer) {
  detail::write_frame(buffer, bolt::answer_to(request), answer);
}
template <class T>
void write_request(rpc::FrameBuffer& buffer, std::uint32_t id, std::int32_t timeout_ms, const T& request) {
  bolt::Head head;
  head.id = id;
  head.timeout_ms = timeout_ms;
  detail::write_frame(buffer, head, request);
}

}  // namespace sofa::registry
