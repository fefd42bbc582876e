#include "sofa/registry/http_door.h"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/config.h"
#include "sofa/base/json_text.h"
#include "sofa/io/async.h"
#include "sofa/io/signal.h"
#include "sofa/wire/http/target.h"

namespace sofa::registry {
namespace {

constexpr std::size_t kMostBody = 1 << 20;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

net::HttpResponse refuse(int status, std::string_view why) {
  return net::HttpResponse::json(status, fmt::format("{{\"error\":{}}}\n", quoted(why)));
}

/// The list by zones; of one zone, or where that is empty of all.
std::string list_json(const Datum& datum, std::string_view zone) {
  std::map<std::string_view, std::string> zones;
  for (const Publisher* publisher : datum.publishers) {
    if (!zone.empty() && publisher->origin->zone != zone) continue;
    std::string& values = zones[publisher->origin->zone];
    publisher->values.for_each([&](std::string_view value) { values += (values.empty() ? "" : ",") + quoted(value); });
  }
  return fmt::format(
      "{{\"dataId\":{},\"group\":{},\"instanceId\":{},\"version\":{},\"protected\":{},\"zones\":{{{}}}}}",
      quoted(datum.id.data_id), quoted(datum.id.group), quoted(datum.id.instance_id),
      std::max<std::uint64_t>(datum.version, 1), datum.is_protected(),
      fmt::join(zones | std::views::transform(
                            [](const auto& one) { return fmt::format("{}:[{}]", quoted(one.first), one.second); }),
                ","));
}

struct PublishBody {
  std::string data_id;
  std::string group;
  std::string instance_id;
  std::string zone = "DEFAULT_ZONE";
  std::string app;
  std::vector<std::string> values;
  std::chrono::milliseconds ttl{15'000};
};

const config::Schema& config_schema(const PublishBody*) {
  using B = PublishBody;
  static const config::Schema schema = config::schema<B>({
      config::key<&B::data_id>("dataId", "what is published", {.min = 1, .max = 1024, .required = true}),
      config::key<&B::group>("group", "DEFAULT_GROUP where it is empty", {.max = 255}),
      config::key<&B::instance_id>("instanceId", "DEFAULT_INSTANCE_ID where it is empty", {.max = 255}),
      config::key<&B::zone>("zone", "where it is", {.min = 1, .max = 255}),
      config::key<&B::app>("app", "whose it is", {.max = 255}),
      config::key<&B::values>("values", "addresses, or whatever subscribers make of it",
                              {.min = 1, .max = 1000, .required = true}),
      config::key<&B::ttl>("ttl_ms", "how long it lives without a renewal", {.min = 1}),
  });
  return schema;
}

/// What was published by one request: it has no connection, so it lives for a time.
class Lease final : public Client {
 public:
  void push(Datum&, std::span<Subscriber* const>) override {}
  bool is_ready() const override { return false; }

  io::TimePoint ends{};
  io::Duration time{};
};

/// One GET /v1/watch: the newest list waits until it is read.
class Watcher final : public Client {
 public:
  Watcher(RegistryHome& home, std::string zone)
      : home_(home),
        zone_(std::move(zone)),
        wake_([](void* self) noexcept { static_cast<Watcher*>(self)->news.raise(); }, this) {}
  ~Watcher() override {
    home_.shard.timers().cancel(wake_);
    home_.presence.leave(*this, home_.shard.now(), Presence::Leaving::kSaid);
  }

  void push(Datum& datum, std::span<Subscriber* const> subscribers) override {
    version_ = std::max<std::uint64_t>(datum.version, 1);
    event_ = fmt::format("event: list\nid: {}\ndata: {}\n\n", version_, list_json(datum, zone_));
    id_ = subscribers.front()->id;
    home_.shard.timers().arm(wake_, io::TimePoint{});  // who waits runs when the push is over
  }
  bool is_ready() const override { return true; }

  std::optional<std::string> take() {
    if (!event_) return std::nullopt;
    std::optional<std::string> event = std::exchange(event_, std::nullopt);
    home_.presence.answered(*this, {&id_, 1}, version_, true, home_.shard.now());
    return event;
  }

  Signal news;

 private:
  RegistryHome& home_;
  const std::string zone_;
  io::Timer wake_;
  std::optional<std::string> event_;
  RegistId id_;
  std::uint64_t version_ = 0;
};

}  // namespace

struct HttpDoor::State {
  State(std::shared_ptr<RegistryHome> of, std::uint16_t port)
      : kept(std::move(of)),
        home(*kept),
        java_port(port),
        leases_due([](void* self) noexcept { static_cast<State*>(self)->end_leases(); }, this) {}
  ~State() {
    home.shard.timers().cancel(leases_due);
    for (auto& [id, lease] : leases) home.presence.leave(*lease, home.shard.now(), Presence::Leaving::kLost);
  }

  Task<net::HttpResponse> publish(net::HttpRequest request) {
    const std::string text = co_await request.body.read_text(kMostBody);
    Result<PublishBody> body = config::load<PublishBody>(text, "body");
    if (!body) co_return refuse(400, body.error().message());
    if (body->ttl < home.options.least_lease || body->ttl > home.options.most_lease) {
      co_return refuse(400, fmt::format("ttl_ms is {}: it must be between {} and {}", body->ttl.count(),
                                        home.options.least_lease / std::chrono::milliseconds(1),
                                        home.options.most_lease / std::chrono::milliseconds(1)));
    }
    const std::string id =
        fmt::format("{:016x}{:016x}", home.shard.env().random.next(), home.shard.env().random.next());
    Lease& lease = *leases.emplace(id, std::make_unique<Lease>()).first->second;
    lease.address = SharedText(co_await peer_address());
    lease.time = body->ttl;
    lease.ends = home.shard.now() + lease.time;
    home.presence.publish(lease,
                          {.id = RegistId(id),
                           .datum = {body->data_id, body->instance_id, body->group},
                           .zone = body->zone,
                           .app = body->app,
                           .values = PackedValues(body->values)},
                          home.shard.now());
    ++home.counts.registrations;
    home.changed();
    watch_leases();
    co_return net::HttpResponse::json(200, fmt::format("{{\"lease\":\"{}\",\"ttl_ms\":{}}}\n", id, body->ttl.count()));
  }

  static Task<std::string> peer_address() {
    const CallContext& call = co_await context();
    co_return call.peer() ? call.peer()->address.to_string() : std::string();
  }

  net::HttpResponse renew(const net::HttpRequest& request) {
    const auto lease = leases.find(http::query_value(request.query(), "lease").value_or(""));
    if (lease == leases.end()) return refuse(404, "there is no such lease: it has ended, publish again");
    lease->second->ends = home.shard.now() + lease->second->time;
    return net::HttpResponse::json(
        200, fmt::format("{{\"ttl_ms\":{}}}\n", lease->second->time / std::chrono::milliseconds(1)));
  }

  net::HttpResponse unpublish(const net::HttpRequest& request) {
    const auto lease = leases.find(http::query_value(request.query(), "lease").value_or(""));
    if (lease == leases.end()) return refuse(404, "there is no such lease: it has ended");
    home.presence.leave(*lease->second, home.shard.now(), Presence::Leaving::kSaid);
    leases.erase(lease);
    home.changed();
    return net::HttpResponse::json(200, "{}\n");
  }

  /// host:port for Java's client: the host by which it asked, unless there is another to announce.
  std::string server(const net::HttpRequest& request) const {
    std::string host = home.options.announce;
    if (host.empty()) {
      const std::string_view asked = request.headers.find("Host").value_or("127.0.0.1");
      host = asked.substr(0, asked.rfind(':'));
    }
    return fmt::format("{}:{}", host, java_port);
  }

  static std::optional<DatumId> datum_of(const net::HttpRequest& request) {
    const auto value = [&](const char* key) { return http::query_value(request.query(), key).value_or(""); };
    DatumId id{value("dataId"), value("instanceId"), value("group")};
    return id.data_id.empty() ? std::nullopt : std::optional(std::move(id));
  }

  net::HttpResponse query(const net::HttpRequest& request) const {
    const std::optional<DatumId> id = datum_of(request);
    if (!id) return refuse(400, "the query has no dataId");
    const Datum* datum = home.presence.find(id->to_string());
    Datum none;
    none.id = *id;
    return net::HttpResponse::json(
        200, list_json(datum ? *datum : none, http::query_value(request.query(), "zone").value_or("")) + "\n");
  }

  net::HttpResponse all() const {
    std::string text;
    home.presence.for_each([&](const Datum& datum) {
      text += fmt::format(
          "{}{{\"dataId\":{},\"group\":{},\"instanceId\":{},\"version\":{},\"publishers\":{},\"subscribers\":{},"
          "\"protected\":{}}}",
          text.empty() ? "" : ",", quoted(datum.id.data_id), quoted(datum.id.group), quoted(datum.id.instance_id),
          datum.version, datum.publishers.size(), datum.subscribers.size(), datum.is_protected());
    });
    return net::HttpResponse::json(200, "[" + text + "]\n");
  }

  net::HttpResponse health() const {
    const bool is_recovering = home.presence.is_recovering();
    return net::HttpResponse::json(
        is_recovering ? 503 : 200,
        fmt::format("{{\"status\":\"{}\",\"data\":{},\"publishers\":{},\"subscribers\":{},\"connections\":{}}}\n",
                    is_recovering ? "RECOVERING" : "UP", home.presence.data(), home.presence.publishers(),
                    home.presence.subscribers(), home.counts.connections));
  }

  void watch_leases() {
    io::TimePoint first = io::kNever;
    for (const auto& [id, lease] : leases) first = std::min(first, lease->ends);
    home.shard.timers().cancel(leases_due);
    if (first != io::kNever) home.shard.timers().arm(leases_due, first);
  }
  void end_leases() {
    std::erase_if(leases, [this](const auto& one) {
      if (one.second->ends > home.shard.now()) return false;
      home.presence.leave(*one.second, home.shard.now(), Presence::Leaving::kLost);
      return true;
    });
    home.changed();
    watch_leases();
  }

  const std::shared_ptr<RegistryHome> kept;
  RegistryHome& home;
  const std::uint16_t java_port;
  std::map<std::string, std::unique_ptr<Lease>> leases;
  io::Timer leases_due;
  std::uint64_t watches = 0;
};

/// The events of one watcher.
class HttpDoor::Events final : public net::HttpBodySource {
 public:
  Events(std::shared_ptr<State> state, const Presence::Subscribe& what)
      : state_(std::move(state)), watcher_(state_->home, what.scope == Scope::kZone ? std::string(what.zone) : "") {
    RegistryHome& home = state_->home;
    home.presence.subscribe(watcher_, what, home.shard.now());
  }

  Task<Chain> read() override {
    const io::TimePoint until = io::Shard::current()->now() + state_->home.options.watch_keep_alive;
    std::optional<std::string> event = watcher_.take();
    for (; !event && io::Shard::current()->now() < until; event = watcher_.take()) {
      const Result<void> told = co_await as_result(with_deadline(until, news()));
      if (!told && !told.error().is(io::IoError::kTimeout)) told.error().raise();
    }
    Chain piece;
    piece.append(as_bytes(event ? *event : std::string(": still here\n\n")));
    co_return piece;
  }

 private:
  Task<void> news() { co_await watcher_.news.wait(); }

  const std::shared_ptr<State> state_;
  Watcher watcher_;
};

net::HttpResponse HttpDoor::watch(const std::shared_ptr<State>& state, const net::HttpRequest& request) {
  const std::optional<DatumId> id = State::datum_of(request);
  if (!id) return refuse(400, "the query has no dataId");
  const std::string zone = http::query_value(request.query(), "zone").value_or(state->home.options.zone);
  const bool is_zone = http::query_value(request.query(), "scope").value_or("") == "zone";
  const Presence::Subscribe what{.id = RegistId(fmt::format("watch {}", ++state->watches)),
                                 .datum = *id,
                                 .zone = zone,
                                 .scope = is_zone ? Scope::kZone : Scope::kGlobal};
  net::HttpResponse response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  response.body = net::HttpBody::stream(std::make_unique<Events>(state, what));
  return response;
}

HttpDoor::HttpDoor(std::shared_ptr<RegistryHome> home, std::uint16_t java_port)
    : state_(std::make_shared<State>(std::move(home), java_port)) {}
HttpDoor::~HttpDoor() = default;

net::HttpRouter HttpDoor::router() {
  net::HttpRouter router;
  const auto add = [&](const char* method, const char* path, auto answer) {
    router.add(method, path, [state = state_, answer](net::HttpRequest request) -> Task<net::HttpResponse> {
      // A page in somebody's browser has no business here.
      if (request.headers.find("Origin")) return refuse(403, "requests of web pages are not answered");
      return answer(state, std::move(request));
    });
  };
  using StatePtr = const std::shared_ptr<State>&;
  add("GET", "/api/servers/query", [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> {
    return net::HttpResponse::text(200, state->server(request) + ";");
  });
  add("GET", "/api/servers/queryWithWeight", [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> {
    return net::HttpResponse::text(200,
                                   fmt::format("{}?weight={}", state->server(request), state->home.counts.connections));
  });
  add("GET", "/api/servers/query.json", [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> {
    return net::HttpResponse::json(200, fmt::format("[{}]", quoted(state->server(request))));
  });
  add("POST", "/v1/publish",
      [](StatePtr state, net::HttpRequest request) { return state->publish(std::move(request)); });
  add("POST", "/v1/renew",
      [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> { return state->renew(request); });
  add("POST", "/v1/unpublish",
      [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> { return state->unpublish(request); });
  add("GET", "/v1/query",
      [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> { return state->query(request); });
  add("GET", "/v1/watch",
      [](StatePtr state, net::HttpRequest request) -> Task<net::HttpResponse> { return watch(state, request); });
  add("GET", "/v1/data", [](StatePtr state, net::HttpRequest) -> Task<net::HttpResponse> { return state->all(); });
  add("GET", "/health", [](StatePtr state, net::HttpRequest) -> Task<net::HttpResponse> { return state->health(); });
  return router;
}

}  // namespace sofa::registry
