#include "sofa/registry/sofa_source.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/io/async.h"
#include "sofa/io/connector.h"
#include "sofa/io/signal.h"
#include "sofa/net/http_client.h"
#include "sofa/registry/error.h"
#include "sofa/registry/java_model.h"
#include "sofa/registry/sofa_layout.h"
#include "sofa/rpc/polled_source.h"
#include "sofa/rpc/service_lists.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using rpc::ServiceLists;

constexpr std::size_t kMostPublications = 4096;
constexpr std::size_t kMostAnswer = 1 << 20;
// Below the half minute that a context waits for us: its operator shall read what we have to say.
constexpr io::Duration kPatience = 20s;
constexpr io::Duration kAnswerTime = 3s;
constexpr io::Duration kHeartbeat = 15s;
constexpr io::Duration kSilence = 45s;
constexpr io::Duration kFirstPause = 200ms, kLongestPause = 10s;
constexpr std::string_view kZone = "DEFAULT_ZONE";  // as SOFARPC's clients all say

struct Server {
  io::Address address;
  std::uint64_t weight = 0;
};

/// `ip:port?weight=N;ip:port?weight=N`, as the list of servers comes.
std::vector<Server> parse_servers(std::string_view text) {
  std::vector<Server> all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t question = std::min(one.find('?'), one.size());
    const Result<io::Address> address = io::Address::parse(one.substr(0, question));
    if (!address || address->is_unix || address->port == 0) continue;
    Server server{.address = *address};
    if (const std::size_t at = one.find("weight="); at != one.npos) {
      std::from_chars(one.data() + at + 7, one.data() + one.size(), server.weight);
    }
    all.push_back(std::move(server));
  }
  return all;
}

/// Something to be published, or not any more.
struct Wish {
  std::string id;
  std::string data_id;
  std::string value;
  std::string service;
  std::int64_t version = 1;  // of what is wished for
  std::int64_t done = 0;     // the version that the server has
  bool published = true;
  int refused = 0;
  std::optional<Error> failure = {};
};

struct Watched {
  rpc::ServiceKey key;
  std::string id;
  std::int64_t version = 0;  // of the list that is known
};

/// Everything on one shard.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(const rpc::SourceEnvironment& environment, std::string text, SofaUrl url)
      : home_(environment.shards.any()),
        app_(environment.app),
        text_(std::move(text)),
        url_(std::move(url)),
        http_(std::make_unique<net::HttpClient>(environment.shards)) {}

  void start() {
    home_.post([self = shared_from_this()] { start_detached(running(self), nullptr); });
  }
  void stop() {
    home_.link()->post([self = shared_from_this()] { self->end(); });
  }
  io::Shard& home() const { return home_; }
  const std::string& text() const { return text_; }
  const std::shared_ptr<ServiceLists>& lists() const { return lists_; }

  void watch(const rpc::ServiceKey& key);
  static Task<void> wish(std::shared_ptr<Core> self, rpc::Publication publication, bool published);

 private:
  /// The connection; the core may be gone before it.
  class Link final : public io::Protocol {
   public:
    explicit Link(std::weak_ptr<Core> core) : core_(std::move(core)) {}
    std::size_t on_data(io::Connection& connection, BytesView data) override;
    void on_closed(io::Connection&, const Error& why) override {
      if (const auto core = core_.lock()) core->lost(why);
    }
    bool quiescent() const override { return false; }

   private:
    const std::weak_ptr<Core> core_;
  };

  static Task<void> running(std::shared_ptr<Core> self);
  static Task<void> connect(std::shared_ptr<Core> self);
  Task<std::vector<Server>> ask_servers();
  Task<std::string> ask(io::Address server, std::string path);
  void end();
  void connected(io::Connection& connection);
  void lost(const Error& why);
  void unreachable(const Error& why);
  void beat();

  void take(const bolt::FrameView& frame);
  void take_answer(const bolt::FrameView& frame);
  void take_list(const bolt::FrameView& frame);
  void send(Wish& wish);
  void send(Watched& watched);
  template <class Register>
  void send_register(const std::string& name, Register what);
  template <class Register>
  Register about(const std::string& id, const std::string& data_id) const;
  void write();

  io::Shard& home_;
  const std::string app_;
  const std::string text_;
  const SofaUrl url_;
  std::unique_ptr<net::HttpClient> http_;
  const std::shared_ptr<ServiceLists> lists_ = std::make_shared<ServiceLists>();
  io::Connector connector_{home_};
  io::Connection* connection_ = nullptr;
  rpc::FrameBuffer frame_;
  std::uint32_t next_id_ = 1;
  std::unordered_map<std::uint32_t, std::string> asked_;  // by request: the wish's name, or none for a subscription
  std::map<std::string, Wish> wishes_;                    // by service and place
  std::map<std::string, Watched> watched_;                // by service
  bool stopped_ = false;
  io::TimePoint heard_{};
  io::TimePoint stale_since_ = io::kNever;
  int pauses_ = 0;
  Signal changed_;  // connected, lost, stopped
  Signal settled_;  // a wish came true, or failed
  io::Timer beat_{[](void* self) noexcept { static_cast<Core*>(self)->beat(); }, this};
};

// Connections ------------------------------------------------------------------------------------------------------

Task<void> Core::running(std::shared_ptr<Core> self) {
  while (!self->stopped_) {
    const Result<void> opened = co_await as_result(connect(self));
    if (self->stopped_) co_return;
    if (opened) {
      self->pauses_ = 0;
      while (self->connection_ && !self->stopped_) co_await self->changed_.wait();
    } else {
      self->unreachable(opened.error());
    }
    if (self->stopped_) co_return;
    // Between half and the whole of it: clients that lost one server do not come back as one.
    const io::Duration span = std::min(kLongestPause, kFirstPause * (1 << std::min(self->pauses_++, 10)));
    const auto half = static_cast<std::uint64_t>(span.count() / 2);
    co_await sleep(span / 2 +
                   io::Duration(static_cast<io::Duration::rep>(self->home_.env().random.next() % (half + 1))));
  }
}

Task<void> Core::connect(std::shared_ptr<Core> self) {
  std::vector<Server> servers = co_await self->ask_servers();
  // Of two taken by chance the one with fewer clients: all together they spread evenly.
  const auto any = [&] { return self->home_.env().random.next() % servers.size(); };
  const Server &one = servers[any()], &other = servers[any()];
  const io::Address address = (one.weight <= other.weight ? one : other).address;
  struct Opened {
    Signal done;
    std::optional<Result<io::Connection*>> result;
  };
  const auto opened = std::make_shared<Opened>();
  self->connector_.start(address, self->home_.now() + kAnswerTime, std::make_unique<Link>(self->weak_from_this()),
                         [opened](Result<io::Connection*> result) {
                           opened->result = std::move(result);
                           opened->done.raise();
                         });
  while (!opened->result) co_await opened->done.wait();
  if (!*opened->result) opened->result->error().raise();
  if (self->stopped_) {
    (**opened->result)->close(Error(io::IoError::kStopped, "the context has stopped"));
    co_return;
  }
  self->connected(***opened->result);
}

Task<std::vector<Server>> Core::ask_servers() {
  std::string why;
  const std::uint64_t first = home_.env().random.next();
  for (std::size_t i = 0; i < url_.servers.size() && !stopped_; ++i) {
    const io::Address& server = url_.servers[(first + i) % url_.servers.size()];
    // What Java's older servers have not, they answer with an error or with nothing.
    for (const char* path : {"/api/servers/queryWithWeight", "/api/servers/query"}) {
      const Result<std::string> answer = co_await as_result(ask(server, path));
      std::vector<Server> servers = answer ? parse_servers(*answer) : std::vector<Server>();
      if (!servers.empty()) co_return servers;
      why = fmt::format("{}: {}", server.to_string(),
                        answer ? "it answers no list of servers" : answer.error().message());
    }
  }
  throw Error(RegistryError::kNoServer,
              fmt::format("no server of the registry can be found; the last one asked was {}", why), Retriable::kYes);
}

Task<std::string> Core::ask(io::Address server, std::string path) {
  const std::string target =
      fmt::format("{}?instanceId=null&zone={}&dataCenter=DefaultDataCenter&appName={}&env=null", path, kZone, app_);
  net::HttpResponse answer = co_await http_->send(std::move(server), net::HttpRequest::get(target),
                                                  {.timeout = kAnswerTime, .body_bytes = kMostAnswer});
  if (answer.status != 200) throw Error(RegistryError::kNoServer, fmt::format("it answered {}", answer.status));
  co_return co_await answer.body.read_text(kMostAnswer);
}

void Core::end() {
  stopped_ = true;
  home_.timers().cancel(beat_);
  connector_.cancel();
  http_->close();
  if (connection_) {
    std::exchange(connection_, nullptr)->close(Error(io::IoError::kStopped, "the context has stopped"));
  }
  changed_.raise();
  settled_.raise();
}

void Core::connected(io::Connection& connection) {
  connection_ = &connection;
  heard_ = home_.now();
  if (stale_since_ != io::kNever) log::info("the registry answers again {}", log::kv("url", text_));
  stale_since_ = io::kNever;
  for (auto& [name, wish] : wishes_) {
    wish.done = 0;
    send(wish);
  }
  for (auto& [name, watched] : watched_) send(watched);
  home_.timers().arm(beat_, home_.now() + kHeartbeat);
}

void Core::lost(const Error& why) {
  if (!connection_) return;
  connection_ = nullptr;
  asked_.clear();
  home_.timers().cancel(beat_);
  if (!stopped_) unreachable(why);
  changed_.raise();
}

void Core::unreachable(const Error& why) {
  if (stale_since_ != io::kNever) return;
  stale_since_ = home_.now();
  log::warn("the registry cannot be asked: the last good lists stay {} {}", log::kv("url", text_),
            log::kv("why", why.message()));
  lists_->mark_stale(stale_since_);
}

void Core::beat() {
  if (heard_ + kSilence <= home_.now()) {
    return connection_->close(Error(io::IoError::kTimeout, "the registry says nothing any more"));
  }
  connection_->out().append(bolt::heartbeat(bolt::kFormV1, next_id_++).view());
  connection_->flush();
  for (auto& [name, wish] : wishes_) {
    if (wish.done != wish.version) send(wish);  // it was refused, or its answer was lost
  }
  home_.timers().arm(beat_, home_.now() + kHeartbeat);
}

// Messages ---------------------------------------------------------------------------------------------------------

std::size_t Core::Link::on_data(io::Connection& connection, BytesView data) {
  constexpr bolt::Limits kLimits{.content_bytes = 32 << 20};
  const auto core = core_.lock();
  if (!core || core->stopped_) return data.size();
  core->heard_ = core->home_.now();
  std::size_t used = 0;
  bolt::FrameView frame;
  while (used < data.size() && !connection.closed()) {
    const bolt::Decoded decoded = bolt::decode(data.subspan(used), kLimits, frame);
    if (decoded.outcome == bolt::Outcome::kNeedMore) {
      connection.expect(decoded.size);
      break;
    }
    if (decoded.outcome == bolt::Outcome::kError) {
      connection.close(bolt::describe(decoded, data.subspan(used), frame, kLimits));
      break;
    }
    used += decoded.size;
    // The first answer may come before the connector has said that it is connected: nothing was asked yet.
    if (core->connection_) core->take(frame);
  }
  return connection.closed() ? data.size() : used;
}

void Core::take(const bolt::FrameView& frame) {
  if (frame.head.command == bolt::Command::kHeartbeat) {
    if (frame.head.type == bolt::FrameType::kResponse) return;
    connection_->out().append(bolt::heartbeat_ack(frame.head).view());
    return connection_->flush();
  }
  if (frame.head.command == bolt::Command::kResponse) return take_answer(frame);
  if (frame.class_name == ReceivedData::java_class) return take_list(frame);
  write_answer(frame_, frame.head, PushResult{.success = true});
  write();
}

void Core::take_answer(const bolt::FrameView& frame) {
  const auto asked = asked_.find(frame.head.id);
  if (asked == asked_.end()) return;
  const std::string name = std::move(asked->second);
  asked_.erase(asked);
  const auto at = wishes_.find(name);
  if (at == wishes_.end()) return;
  Wish& wish = at->second;
  const Result<RegisterResponse> answer =
      frame.head.status == bolt::Status::kSuccess
          ? read_register_response(frame.content)
          : fail(RegistryError::kRefused, "status {}", static_cast<int>(frame.head.status));
  if (answer && answer->success && !answer->refused) {
    if (answer->version != wish.version) return;  // of an earlier wish
    wish.done = wish.version;
    if (!wish.published) wishes_.erase(at);
  } else {
    const std::string why = answer ? answer->message.value_or("it is not wanted") : answer.error().message();
    if (wish.refused++ == 0) {
      log::warn("cannot {} {} {} {}", wish.published ? "publish" : "unpublish", log::kv("service", wish.service),
                log::kv("url", text_), log::kv("why", why));
    }
    wish.failure = Error(RegistryError::kRefused, why, Retriable::kYes);
  }
  settled_.raise();
}

void Core::take_list(const bolt::FrameView& frame) {
  const Result<ReceivedData> list = read_list(frame.content);
  write_answer(frame_, frame.head,
               PushResult{.success = list.has_value(), .message = list ? Text() : Text(list.error().message())});
  write();
  if (!list) return log::warn("a list of the registry cannot be read {}", log::kv("why", list.error().message()));
  std::vector<std::string> values;
  for (const auto& [zone, boxes] : list->data) {
    for (const DataBox& box : boxes) values.push_back(box.data.value_or(""));
  }
  const std::int64_t version = list->version.value_or(0);
  for (auto& [name, watched] : watched_) {
    if (std::ranges::find(list->subscriber_regist_ids, watched.id) == list->subscriber_regist_ids.end()) continue;
    const rpc::ProviderListPtr known = lists_->known(name);
    if (version > watched.version || !known) {
      watched.version = version;
      lists_->update(name, sofa_providers_of(values));
    } else {
      lists_->update(name, known->providers);  // it is what the registry says now
    }
  }
}

template <class Register>
Register Core::about(const std::string& id, const std::string& data_id) const {
  Register made;
  made.zone = std::string(kZone);
  made.app_name = app_;
  made.data_id = data_id;
  made.group = std::string(kRpcGroup);
  made.regist_id = id;
  made.timestamp = home_.env().clock.wall().time_since_epoch().count();
  return made;
}

template <class Register>
void Core::send_register(const std::string& name, Register what) {
  const std::uint32_t id = next_id_++;
  asked_.emplace(id, name);
  write_request(frame_, id, static_cast<std::int32_t>(kAnswerTime / 1ms), what);
  write();
}

void Core::send(Wish& wish) {
  if (!connection_) return;
  PublisherRegister what = about<PublisherRegister>(wish.id, wish.data_id);
  what.version = wish.version;
  if (wish.published) {
    what.data_list.emplace().push_back({wish.value});
  } else {
    what.event_type = "UNREGISTER";
  }
  send_register(wish.service + " " + wish.id, std::move(what));
}

void Core::send(Watched& watched) {
  if (!connection_) return;
  SubscriberRegister what = about<SubscriberRegister>(watched.id, data_id_of(watched.key));
  send_register({}, std::move(what));
}

void Core::write() {
  connection_->out().append(frame_.bytes());
  connection_->flush();
}

// What is wished for -----------------------------------------------------------------------------------------------

Task<void> Core::wish(std::shared_ptr<Core> self, rpc::Publication publication, bool published) {
  const std::string service = publication.key.to_string();
  const std::string value = value_of(publication.provider);
  const std::string id = fmt::format("{}@{}", service, publication.provider.address.to_string());
  const std::string name = service + " " + id;
  auto at = self->wishes_.find(name);
  if (at == self->wishes_.end()) {
    if (!published) co_return;
    if (self->wishes_.size() >= kMostPublications) {
      throw Error(io::IoError::kLimit, fmt::format("more than {} publications", kMostPublications));
    }
    at = self->wishes_
             .emplace(name, Wish{.id = id, .data_id = data_id_of(publication.key), .value = value, .service = service})
             .first;
  } else if (at->second.published != published || (published && at->second.value != value)) {
    at->second.published = published;
    at->second.value = value;
    ++at->second.version;
  } else if (at->second.done == at->second.version) {
    co_return;
  }
  at->second.failure.reset();
  const std::int64_t version = at->second.version;
  self->send(at->second);
  for (;;) {
    co_await self->settled_.wait();
    at = self->wishes_.find(name);
    if (at == self->wishes_.end()) {
      if (published) throw Error(io::IoError::kCancelled, "the contrary was asked for");
      co_return;
    }
    if (at->second.version != version) throw Error(io::IoError::kCancelled, "the contrary was asked for");
    if (at->second.done == version) co_return;
    if (at->second.failure) at->second.failure->raise();
    if (self->stopped_) throw Error(io::IoError::kStopped, "the context has stopped");
  }
}

void Core::watch(const rpc::ServiceKey& key) {
  const std::string name = key.to_string();
  if (stopped_ || !lists_->watched(name)) return;
  const auto [at, is_new] = watched_.try_emplace(name);
  if (!is_new) return;
  const std::uint64_t number = home_.env().random.next();
  at->second = Watched{.key = key, .id = fmt::format("{}#{:016x}", name, number)};
  send(at->second);
}

class SofaSource final : public rpc::AddressSource {
 public:
  explicit SofaSource(std::shared_ptr<Core> core) : core_(std::move(core)) { core_->start(); }
  ~SofaSource() override { core_->stop(); }
  Task<void> publish(rpc::Publication publication) override { return wish(core_, std::move(publication), true); }
  Task<void> unpublish(rpc::Publication publication) override { return wish(core_, std::move(publication), false); }
  std::unique_ptr<Watch> watch(const rpc::ServiceKey& key, Changed changed) override {
    auto watch = core_->lists()->watch(key.to_string(), std::move(changed));
    core_->home().link()->post([core = core_, key] { core->watch(key); });
    return watch;
  }

 private:
  static Task<void> wish(std::shared_ptr<Core> core, rpc::Publication publication, bool published) {
    const std::string service = publication.key.to_string();
    const Result<void> done =
        co_await as_result(rpc::on_home(core->home(), Core::wish(core, std::move(publication), published), kPatience));
    if (done) co_return;
    const Error& why = done.error();
    throw Error(why.part(), why.code(),
                fmt::format("cannot {} {} at {}: {}", published ? "publish" : "unpublish", service, core->text(),
                            why.is(io::IoError::kTimeout) ? "no answer in time; it is tried on" : why.message()));
  }
  const std::shared_ptr<Core> core_;
};

}  // namespace

Result<std::shared_ptr<rpc::AddressSource>> make_sofa_source(std::string_view url, rpc::SourceEnvironment environment) {
  SOFA_TRY(SofaUrl parsed, parse_sofa_url(url));
  return std::make_shared<SofaSource>(std::make_shared<Core>(environment, std::string(url), std::move(parsed)));
}

void register_sofa() {
  rpc::register_address_source("sofa", &make_sofa_source);
}

}  // namespace sofa::registry
