#include "sofa/registry/java_session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"

namespace sofa::registry {
namespace {

constexpr int kForm = 1;  // of the lists that are encoded for Java clients
constexpr io::Duration kLook = std::chrono::milliseconds(500);
constexpr bolt::Limits kLimits{};

std::string_view or_empty(const Text& text) {
  return text ? std::string_view(*text) : std::string_view();
}

template <class Register>
DatumId datum_of(const Register& request) {
  return {std::string(or_empty(request.data_id)), std::string(or_empty(request.instance_id)),
          std::string(or_empty(request.group))};
}

template <class Register>
std::string why_unfit(const Register& request) {
  constexpr std::size_t kLongest = 4096;
  if (or_empty(request.data_id).empty()) return "it has no dataId";
  if (or_empty(request.regist_id).empty()) return "it has no registId";
  for (const Text* text : {&request.data_id, &request.instance_id, &request.group, &request.regist_id, &request.zone}) {
    if (or_empty(*text).size() > kLongest) return fmt::format("one of its names is longer than {} bytes", kLongest);
  }
  return {};
}

template <class Register>
RegisterResponse answer(const Register& request, std::string refusal, std::string_view kind) {
  return {.success = refusal.empty(),
          .regist_id = request.regist_id,
          .version = request.version.value_or(0),
          .message = refusal.empty() ? fmt::format("{} register success!", kind) : std::move(refusal)};
}

template <class Register>
bool is_leaving(const Register& request) {
  return or_empty(request.event_type) == "UNREGISTER";
}

}  // namespace

JavaSession::JavaSession(std::shared_ptr<RegistryHome> home)
    : kept_(std::move(home)),
      home_(*kept_),
      watch_([](void* self) noexcept { static_cast<JavaSession*>(self)->watch(); }, this) {}

JavaSession::~JavaSession() {
  home_.shard.timers().cancel(watch_);
}

void JavaSession::on_open(io::Connection& connection) {
  connection_ = &connection;
  address = SharedText(connection.peer()->address.to_string());
  last_heard_ = home_.shard.now();
  ++home_.counts.connections;
  home_.shard.timers().arm(watch_, last_heard_ + home_.options.idle);
}

void JavaSession::on_closed(io::Connection&, const Error&) {
  connection_ = nullptr;
  home_.shard.timers().cancel(watch_);
  home_.presence.leave(*this, home_.shard.now(), Presence::Leaving::kLost);
  --home_.counts.connections;
  home_.changed();
}

void JavaSession::watch() {
  const io::TimePoint now = home_.shard.now();
  if (last_heard_ + home_.options.idle <= now) {
    ++home_.counts.idle_closed;
    return connection_->close(Error(io::IoError::kTimeout, "the client said nothing for too long"));
  }
  for (auto at = told_.begin(); at != told_.end();) {
    if (at->second.due > now) {
      ++at;
      continue;
    }
    const Told told = std::move(at->second);
    at = told_.erase(at);
    ++home_.counts.pushes_failed;
    home_.presence.answered(*this, told.subscribers, told.version, false, now);
  }
  home_.shard.timers().arm(watch_, told_.empty() ? last_heard_ + home_.options.idle : now + kLook);
}

std::size_t JavaSession::on_data(io::Connection& connection, BytesView data) {
  last_heard_ = home_.shard.now();
  std::size_t used = 0;
  bolt::FrameView frame;
  while (used < data.size() && !connection.closed() && connection.writable()) {
    const bolt::Decoded decoded = bolt::decode(data.subspan(used), kLimits, frame);
    if (decoded.outcome == bolt::Outcome::kNeedMore) {
      connection.expect(decoded.size);
      break;
    }
    if (decoded.outcome == bolt::Outcome::kError) {
      ++home_.counts.bad_frames;
      connection.close(bolt::describe(decoded, data.subspan(used), frame, kLimits));
      break;
    }
    used += decoded.size;
    take(frame);
  }
  home_.changed();
  return connection.closed() ? data.size() : used;
}

void JavaSession::on_drained(io::Connection&) {
  home_.presence.drained(*this, home_.shard.now());
}

void JavaSession::take(const bolt::FrameView& frame) {
  switch (frame.head.command) {
    case bolt::Command::kHeartbeat:
      if (frame.head.type == bolt::FrameType::kResponse) return;
      connection_->out().append(bolt::heartbeat_ack(frame.head).view());
      return connection_->flush();
    case bolt::Command::kRequest:
      return serve(frame);
    case bolt::Command::kResponse:
      return take_answer(frame);
    case bolt::Command::kGoAway:
      return;
  }
}

void JavaSession::serve(const bolt::FrameView& frame) {
  Result<JavaRequest> request = read_request(frame.class_name, frame.content);
  if (!request) {
    ++home_.counts.refused;
    write_answer(home_.frame, frame.head, RegisterResponse{.message = request.error().message()});
    return send();
  }
  ++home_.counts.registrations;
  std::visit(
      [&]<class Request>(Request& what) {
        if constexpr (std::is_same_v<Request, SyncConfigRequest>) {
          write_answer(home_.frame, frame.head, SyncConfigResponse{.available_segments = {home_.options.data_center}});
          send();
        } else {
          const RegisterResponse response = register_one(what);
          if (!response.success) ++home_.counts.refused;
          write_answer(home_.frame, frame.head, response);
          send();
          if constexpr (std::is_same_v<Request, ConfiguratorRegister>) {
            if (response.success && !is_leaving(what)) tell_configuration(what);
          }
        }
      },
      *request);
}

RegisterResponse JavaSession::register_one(PublisherRegister& request) {
  constexpr std::string_view kKind = "PublisherRegister";
  if (std::string why = why_unfit(request); !why.empty()) return answer(request, std::move(why), kKind);
  const RegistId id(*request.regist_id);
  const auto version = static_cast<std::uint64_t>(request.version.value_or(1));
  if (is_leaving(request)) {
    home_.presence.unpublish(*this, id, version, home_.shard.now());
    return answer(request, {}, kKind);
  }
  std::vector<std::string_view> values;
  if (request.data_list) {
    for (const DataBox& box : *request.data_list) values.push_back(or_empty(box.data));
  }
  const std::string_view zone = or_empty(request.zone);
  const bool is_taken = home_.presence.publish(*this,
                                               {.id = id,
                                                .datum = datum_of(request),
                                                .zone = zone.empty() ? std::string_view(home_.options.zone) : zone,
                                                .app = or_empty(request.app_name),
                                                .values = PackedValues(values),
                                                .version = version,
                                                .timestamp = request.timestamp.value_or(0)},
                                               home_.shard.now());
  return answer(request, is_taken ? std::string() : "this client has too many registrations", kKind);
}

RegisterResponse JavaSession::register_one(const SubscriberRegister& request) {
  constexpr std::string_view kKind = "SubscriberRegister";
  if (std::string why = why_unfit(request); !why.empty()) return answer(request, std::move(why), kKind);
  const RegistId id(*request.regist_id);
  if (is_leaving(request)) {
    home_.presence.unsubscribe(*this, id);
    return answer(request, {}, kKind);
  }
  const std::string_view zone = or_empty(request.zone);
  const bool is_taken = home_.presence.subscribe(*this,
                                                 {.id = id,
                                                  .datum = datum_of(request),
                                                  .zone = zone.empty() ? std::string_view(home_.options.zone) : zone,
                                                  .scope = scope_of(or_empty(request.scope))},
                                                 home_.shard.now());
  return answer(request, is_taken ? std::string() : "this client has too many registrations", kKind);
}

RegisterResponse JavaSession::register_one(const ConfiguratorRegister& request) {
  return answer(request, why_unfit(request), "ConfiguratorRegister");
}

// There is no configuration yet: what Java's server says of a key that nobody wrote.
void JavaSession::tell_configuration(const ConfiguratorRegister& configurator) {
  const DatumId id = datum_of(configurator);
  ReceivedConfigData told{.data_id = id.data_id,
                          .group = id.group.empty() ? "DEFAULT_GROUP" : id.group,
                          .instance_id = id.instance_id.empty() ? "DEFAULT_INSTANCE_ID" : id.instance_id,
                          .version = static_cast<std::int64_t>(home_.presence.last_version()),
                          .configurator_regist_ids = {*configurator.regist_id}};
  write_request(home_.frame, next_id_++, home_.push_timeout_ms(), told);
  send();
}

void JavaSession::push(Datum& datum, std::span<Subscriber* const> subscribers) {
  const Subscriber& first = *subscribers.front();
  const auto fits = [&](const Encoded& one) {
    return one.form == kForm + static_cast<int>(first.scope) &&
           (first.scope != Scope::kZone || one.zone == first.zone.text());
  };
  auto encoded = std::ranges::find_if(datum.encoded, fits);
  if (encoded == datum.encoded.end()) {
    ++home_.counts.bodies_encoded;
    const std::string& zone = first.scope == Scope::kZone ? first.zone.text() : home_.options.zone;
    home_.presence.keep_encoded(
        datum, {kForm + static_cast<int>(first.scope), zone,
                std::make_shared<const EncodedList>(datum, home_.options.data_center, first.scope, zone)});
    encoded = std::prev(datum.encoded.end());
  }
  const std::uint32_t id = next_id_++;
  Told told{.subscribers = {},
            .version = std::max<std::uint64_t>(datum.version, 1),
            .due = home_.shard.now() + home_.options.push_timeout};
  told.subscribers.reserve(subscribers.size());
  for (const Subscriber* subscriber : subscribers) told.subscribers.push_back(subscriber->id);
  static_cast<const EncodedList*>(encoded->body.get())
      ->append_push(connection_->out(), home_.frame, id, home_.push_timeout_ms(), subscribers);
  connection_->flush();
  ++home_.counts.pushes;
  if (told_.empty()) home_.shard.timers().arm(watch_, home_.shard.now() + home_.options.push_timeout);
  told_.emplace(id, std::move(told));
}

void JavaSession::take_answer(const bolt::FrameView& frame) {
  const auto found = told_.find(frame.head.id);
  if (found == told_.end()) return;
  const Told told = std::move(found->second);
  told_.erase(found);
  const Result<PushResult> result = read_push_result(frame.content);
  const bool is_taken = frame.head.status == bolt::Status::kSuccess && result && result->success;
  if (!is_taken) ++home_.counts.pushes_failed;
  home_.presence.answered(*this, told.subscribers, told.version, is_taken, home_.shard.now());
}

void JavaSession::send() {
  connection_->out().append(home_.frame.bytes());
  connection_->flush();
}

}  // namespace sofa::registry
