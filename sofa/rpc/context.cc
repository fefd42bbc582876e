#include "sofa/rpc/context.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/io/async.h"
#include "sofa/io/balancer.h"
#include "sofa/io/trace.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/client_observer.h"
#include "sofa/rpc/filter.h"
#include "sofa/rpc/naming.h"
#include "sofa/rpc/relay.h"
#include "sofa/rpc/rpc_figures.h"
#include "sofa/rpc/service_claims.h"
#include "sofa/rpc/service_table.h"
#include "sofa/rpc/url.h"
#include "sofa/rpc/worker_pools.h"

namespace sofa {
namespace {

constexpr rpc::Interface kAnyInterface{};

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) result.error().raise();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

rpc::ServiceKey key_of(std::string_view interface, const std::string& version, const std::string& unique_id) {
  return {std::string(interface), version, unique_id};
}

/// What the file says, where it says something, in place of what the code says.
template <class Options>
Options configured(const std::map<std::string, Options>& by_interface, std::string_view interface, Options from_code) {
  auto found = by_interface.find(std::string(interface));
  return found == by_interface.end() ? std::move(from_code) : found->second;
}

/// A registry that cannot be told is no reason to leave half of it undone.
Task<void> logged(Task<void> telling) {
  const Result<void> told = co_await as_result(std::move(telling));
  if (!told) log::error("cannot tell the registry: {}", told.error().message());
}

void check_methods(const rpc::Interface& interface, const std::map<std::string, MethodOptions>& options) {
  for (const auto& [name, own] : options) {
    const auto has_name = [&](const rpc::Method& method) { return method.name == name; };
    if (std::ranges::none_of(interface.methods, has_name)) {
      throw Error(rpc::Code::kServerUndeclared,
                  fmt::format("{} has no method '{}' to set options for: names are as on the wire, such as {}",
                              interface.name, name, interface.methods.front().name));
    }
  }
}

/// What the process keeps to that a relay leads to.
PublishOptions without_what_serves(PublishOptions options) {
  return {.version = std::move(options.version),
          .unique_id = std::move(options.unique_id),
          .filters = {"-*"},
          .bindings = std::move(options.bindings),
          .registered = options.registered,
          .weight = options.weight,
          .warmup_time = options.warmup_time,
          .warmup_weight = options.warmup_weight};
}

void check_bindings(const rpc::Interface& interface, const std::vector<std::string>& bindings) {
  for (const std::string& binding : bindings) {
    if (binding == "bolt") continue;
    throw Error(rpc::Code::kServerUndeclared,
                fmt::format("{} is to be served by '{}', which is no binding: there is bolt", interface.name, binding));
  }
}

}  // namespace

namespace rpc {

Error no_provider(const Route& route) {
  return Error(
      Code::kNoInvoker,
      fmt::format("no provider for {}: it is not published in this process, and there is neither a url nor a registry",
                  route.service));
}

Error error_of_current_exception() {
  return sofa::detail::error_of(std::current_exception());
}

std::exception_ptr exception_of(const Error& error) {
  return error.thrown() ? error.thrown() : std::make_exception_ptr(error);
}

}  // namespace rpc

struct Context::State {
  State(io::Env& environment, ContextConfig settings)
      : env(environment),
        config(std::move(settings)),
        shards(env, static_cast<int>(config.shards), shard_options(config), static_cast<int>(config.shards_apart)),
        telemetry(make_telemetry(shards, config)),
        server(shards, services, server_options(config, telemetry.get())),
        client(shards, client_options(env, config)),
        pools(env, telemetry.get(), "worker", common_pool(config), config.pools),
        naming(env, shards, client, [this]() -> io::WorkerPool& { return pools.of(); },
               {.registry = config.registry, .app = config.app, .announce = config.announce}) {
    if (telemetry) {
      telemetry->add_source([this](Counters& counters) {
        rpc::refresh_figures(counters, server);
        rpc::refresh_figures(counters, client);
      });
      if (!config.listen.empty()) listening = telemetry->health().component("server");
    }
    shards.start();
    if (config.shards > 1) balancer.emplace(shards, server.protocol_factory(), io::Balancer::Options());
  }
  ~State() { stop_shards(); }

  void stop_shards() {
    naming.close();
    balancer.reset();
    pools.close();  // their calls are answered on the shards
    shards.stop_and_join();
    if (telemetry) telemetry->close();
  }

  static PoolOptions common_pool(const ContextConfig& config) {
    return {.threads = config.worker_threads, .queue = config.worker_queue, .queue_time = config.worker_queue_time};
  }

  static std::unique_ptr<observe::Telemetry> make_telemetry(io::Shards& shards, const ContextConfig& config) {
    return config.observe.on() ? std::make_unique<observe::Telemetry>(shards, config.observe, config.app) : nullptr;
  }

  static rpc::BoltServerOptions server_options(const ContextConfig& config, observe::Telemetry* telemetry) {
    rpc::BoltServerOptions options;
    options.telemetry = telemetry;
    // Callers whom a registry tells let go of their connections, and then nobody waits so long. One that pauses just
    // then (a JVM that collects garbage) is silent, and has not heard of it yet.
    if (!config.registry.empty()) options.quiet = std::chrono::seconds(2);
    return options;
  }

  static io::ShardOptions shard_options(const ContextConfig& config) {
    io::ShardOptions options;
    options.most_connections = config.max_connections;
    return options;
  }

  static rpc::BoltClientOptions client_options(io::Env& env, const ContextConfig& config) {
    rpc::BoltClientOptions options;
    options.connections = config.connections;
    if (config.tracing.enabled || config.observe.wants_traces()) {
      const TraceIds::Options own{.address = config.tracing.address, .process = config.tracing.process};
      options.trace_ids = std::make_shared<TraceIds>(env.clock, env.random, own);
    }
    return options;
  }

  io::Env& env;
  const ContextConfig config;
  rpc::ServiceTable services;
  io::Shards shards;
  const std::unique_ptr<observe::Telemetry> telemetry;  // null: nothing is observed
  observe::Health::Component listening;
  rpc::BoltServer server;
  rpc::BoltClient client;
  rpc::WorkerPools pools;
  rpc::Naming naming;
  std::optional<io::Balancer> balancer;
  rpc::ServiceClaims claims;
  bool ended = false;
};

struct Context::PublishedService {
  rpc::ServiceKey key;
  std::shared_ptr<rpc::Slot> slot;
  std::shared_ptr<void> object;
  std::shared_ptr<const rpc::ServiceEntry> entry;  // null: no binding serves it
  std::optional<rpc::Naming::Offer> offer;         // nothing: no registry is told of it
  rpc::ServiceClaims::Claim claim;
};

/// What one context has published and refers to: the application, or a part of it.
struct Context::Own {
  explicit Own(State& host, PartConfig part = {}) : config(std::move(part)), is_open(config.name.empty()) {
    if (!is_open) pools.emplace(host.env, host.telemetry.get(), config.name, config.workers, config.pools);
  }

  /// What is published then.
  std::vector<PublishedService> set_open(bool open) {
    const std::lock_guard lock(mutex);
    is_open = open;
    return services;
  }

  const PartConfig config;
  std::optional<rpc::WorkerPools> pools;  // nothing: the host's
  mutable std::mutex mutex;               // what follows; no call takes it
  bool is_open;
  std::vector<PublishedService> services;
  std::map<std::string, rpc::ServiceClaims::Claim> references;
};

Context::Context(io::Env& env, ContextConfig config)
    : state_(std::make_shared<State>(env, std::move(config))), own_(std::make_unique<Own>(*state_)) {
  if (state_->telemetry) wait(state_->telemetry->start());
}
Context::Context(Context& host, PartConfig config)
    : state_(host.state_), own_(std::make_unique<Own>(*state_, std::move(config))) {}
Context::~Context() = default;

void Context::publish_erased(const rpc::Interface& interface, std::shared_ptr<void> object, PublishOptions options) {
  options = configured(state_->config.services, interface.name, std::move(options));
  options = configured(own_->config.services, interface.name, std::move(options));
  if (interface.is_relayed) options = without_what_serves(std::move(options));
  check_methods(interface, options.methods);
  check_bindings(interface, options.bindings);
  PublishedService service;
  service.key = key_of(interface.name, options.version, options.unique_id);
  service.object = std::move(object);
  const std::string text = service.key.to_string();
  service.claim = state_->claims.publish(text, own_->config.name, interface);
  service.slot = state_->services.slot(text);
  if (!options.bindings.empty()) {
    service.entry =
        std::make_shared<rpc::ServiceEntry>(service.key, interface, service_options(text, interface, options));
    if (options.registered && !state_->config.registry.empty()) {
      service.offer = {
          .weight = options.weight, .warmup_time = options.warmup_time, .warmup_weight = options.warmup_weight};
    }
  }
  bool is_open = false;
  {
    const std::lock_guard lock(own_->mutex);
    std::erase_if(own_->services, [&](const PublishedService& known) { return known.key == service.key; });
    own_->services.push_back(service);
    is_open = own_->is_open;
  }
  if (is_open) finish(put_in_place(service));
}

std::shared_ptr<rpc::Relay> Context::publish_relay(rpc::ServiceKey key, std::string owner) {
  PublishOptions options{.version = key.version, .unique_id = key.unique_id};
  auto relay = std::make_shared<rpc::Relay>(state_->client, state_->shards, std::move(key), std::move(owner));
  publish_erased(relay->interface(), relay, std::move(options));
  return relay;
}

rpc::ServiceOptions Context::service_options(const std::string& text, const rpc::Interface& interface,
                                             const PublishOptions& options) {
  rpc::WorkerPools& pools = own_->pools ? *own_->pools : state_->pools;
  rpc::ServiceOptions made;
  made.pool = options.blocking || !options.pool.empty() ? &pools.of(options.pool) : nullptr;
  made.max_concurrent = options.max_concurrent;
  made.adaptive_limit = options.adaptive_limit;
  made.priority = options.priority;
  made.by_method = options.methods;
  made.filters = value_or_raise(rpc::make_filters(rpc::Side::kProvider, options.filters));
  if (state_->telemetry) {
    made.methods = rpc::observed_methods(*state_->telemetry, observe::Side::kServer, text, interface);
  }
  return made;
}

// What was there before is exchanged, and callers do not notice.
Task<void> Context::put_in_place(PublishedService service) {
  service.slot->install(service.object, service.entry);
  if (service.offer) co_await state_->naming.offer(service.key, *service.offer);
}

Task<void> Context::take_out(PublishedService service) {
  const bool is_offered = service.offer && service.slot->holds(service.object.get());
  Result<void> told;
  if (is_offered) told = co_await as_result(state_->naming.retract(service.key));
  service.slot->remove(service.object.get());
  if (!told) told.error().raise();
}

void Context::unpublish_erased(const rpc::Interface& interface, const PublishOptions& options) {
  const rpc::ServiceKey key = key_of(interface.name, options.version, options.unique_id);
  std::optional<PublishedService> taken;
  {
    const std::lock_guard lock(own_->mutex);
    const auto found = std::ranges::find(own_->services, key, &PublishedService::key);
    if (found == own_->services.end()) return;
    taken = std::move(*found);
    own_->services.erase(found);
  }
  finish(take_out(*taken));
}

Task<void> Context::open() {
  const std::vector<PublishedService> services = own_->set_open(true);
  for (const PublishedService& service : services) service.slot->install(service.object, service.entry);
  for (const PublishedService& service : services) {
    if (service.offer) co_await logged(state_->naming.offer(service.key, *service.offer));
  }
}

void Context::try_out(const rpc::Trial& trial) {
  for (const PublishedService& service : own_->set_open(false)) {
    if (service.slot->installed()) service.slot->try_out(service.object, service.entry, trial);
  }
}

Task<void> Context::close() {
  for (const PublishedService& service : own_->set_open(false)) co_await logged(take_out(service));
}

std::vector<Context::Published> Context::published() const {
  const std::lock_guard lock(own_->mutex);
  std::vector<Published> all;
  for (const PublishedService& service : own_->services) {
    service.slot->reclaim();
    const bool is_installed = service.slot->holds(service.object.get());
    const std::int64_t calls = service.slot->in_flight(service.object.get());
    const bool is_held_by_place = is_installed || calls > 0;
    all.push_back({.service = service.key.to_string(),
                   .installed = is_installed,
                   .calls = calls,
                   .holders = service.object.use_count() - (is_held_by_place ? 2 : 1)});
  }
  return all;
}

void Context::close_pools() {
  if (own_->pools) own_->pools->close();
}

void Context::finish(Task<void> task) {
  if (!io::Shard::current()) return wait(std::move(task));
  on_result(std::move(task), [](const Result<void>& result) {
    if (!result) log::error("cannot tell the registry: {}", result.error().message());
  });
}

std::shared_ptr<const rpc::Route> Context::route(const rpc::Interface& interface, std::string_view name,
                                                 ReferenceOptions options) {
  options = configured(state_->config.references, name, std::move(options));
  options = configured(own_->config.references, name, std::move(options));
  rpc::ServiceKey key = key_of(name, options.version, options.unique_id);
  auto route = std::make_shared<rpc::Route>();
  route->service = key.to_string();
  route->caller = own_->config.name.empty() ? state_->config.app : own_->config.name;
  if (options.in_process) {
    route->slot = state_->services.slot(route->service);
    const std::lock_guard lock(own_->mutex);
    rpc::ServiceClaims::Claim& claim = own_->references[route->service];
    claim = state_->claims.refer(route->service, own_->config.name, interface);
    route->relayed = std::make_shared<rpc::RelayedRemote>(
        state_->client, state_->shards,
        rpc::BoltClient::Target{
            .address = {}, .key = key, .interface = &interface, .app = state_->config.app, .timeout = options.timeout});
  } else {
    route->slot = std::make_shared<rpc::Slot>();
  }
  if (const auto known = state_->config.addresses.find(route->service);
      known != state_->config.addresses.end() && options.url.empty()) {
    options.url = known->second;
  }
  route->filters = value_or_raise(rpc::make_filters(rpc::Side::kConsumer, options.filters));
  route->filters_here = options.filter_in_process && route->filters;
  route->remote = value_or_raise(state_->naming.refer({.address = {},
                                                       .key = std::move(key),
                                                       .interface = &interface,
                                                       .app = state_->config.app,
                                                       .timeout = options.timeout},
                                                      options.url, options.cluster));
  route->wait = options.wait;
  const bool could_answer = route->remote || route->slot->installed() || options.wait > io::Duration(0);
  if (!could_answer && options.required.value_or(!own_->config.name.empty())) {
    throw Error(
        rpc::Code::kNoInvoker,
        fmt::format("module '{}' refers to {}, which nobody offers: it is not published in this process, and there is "
                    "neither a url nor a registry. Name the module that does under `requires`, or say "
                    "required: false",
                    route->caller, route->service));
  }
  if (state_->telemetry && route->remote) {
    route->remote->observer = std::make_shared<rpc::ClientObserver>(*state_->telemetry, interface, route->service,
                                                                    options.url.empty() ? "REGISTRY" : "DIRECT");
  }
  return route;
}

rpc::GenericReference Context::generic(std::string_view interface, ReferenceOptions options) {
  return rpc::GenericReference(route(kAnyInterface, interface, std::move(options)));
}

std::vector<io::Address> Context::listen(std::string_view url) {
  std::vector<std::string> urls = url.empty() ? state_->config.listen : std::vector<std::string>{std::string(url)};
  std::vector<io::Address> bound;
  for (const std::string& each : urls) bound.push_back(wait(start_listening(each)));
  state_->listening.up();
  return bound;
}

Task<io::Address> Context::start_listening(std::string url) {
  io::Address bound = co_await state_->server.start_listening(value_or_raise(rpc::parse_url(url)));
  co_await state_->naming.open(bound);
  co_return bound;
}

void Context::stop(io::Duration grace) {
  close_traffic(grace);
  end();
}

void Context::close_traffic(io::Duration grace) {
  const io::TimePoint deadline = state_->env.clock.now() + grace;
  state_->listening.down("stopping");
  // A registry that does not answer may not take the time of the calls under way.
  if (const Result<void> told = sofa::wait(shards(), state_->naming.withdraw(), grace / 4); !told) {
    log::warn("stopping although not everything is unpublished: {}", told.error().message());
  }
  state_->balancer.reset();  // no connection is between two shards when they are closed one by one
  wait(state_->server.stop(deadline), grace + std::chrono::seconds(5));
}

void Context::end() {
  if (std::exchange(state_->ended, true)) return;
  state_->client.close();
  if (state_->telemetry) {
    constexpr io::Duration kGrace = std::chrono::seconds(5);
    (void)sofa::wait(shards(), state_->telemetry->stop(state_->env.clock.now() + kGrace), kGrace * 2);
  }
  state_->stop_shards();
}

io::Env& Context::env() const {
  return state_->env;
}
io::Shards& Context::shards() const {
  return state_->shards;
}
const ContextConfig& Context::config() const {
  return state_->config;
}

observe::Telemetry* Context::telemetry() const {
  return state_->telemetry.get();
}

ServerFigures Context::figures() const {
  const auto counts = state_->server.counts();
  return {.connections = counts.connections,
          .requests = counts.requests,
          .errors = counts.errors + counts.thrown,
          .in_flight = counts.in_flight};
}

std::uint64_t Context::calls_slower_than(io::Duration limit) const {
  return state_->server.slower_than(limit);
}

}  // namespace sofa
