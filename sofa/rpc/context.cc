#include "sofa/rpc/context.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/io/balancer.h"
#include "sofa/io/trace.h"
#include "sofa/io/worker_pool.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/client_observer.h"
#include "sofa/rpc/filter.h"
#include "sofa/rpc/naming.h"
#include "sofa/rpc/rpc_figures.h"
#include "sofa/rpc/service_table.h"
#include "sofa/rpc/url.h"

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

template <class Value>
std::vector<std::string_view> names_of(const std::map<std::string, Value>& named) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : named) names.push_back(name);
  return names;
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
        shards(env, static_cast<int>(config.shards), shard_options(config)),
        telemetry(make_telemetry(shards, config)),
        server(shards, services, server_options(config, telemetry.get())),
        client(shards, client_options(env, config)),
        naming(env, shards, client, [this]() -> io::WorkerPool& { return workers(); },
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
    for (auto& [name, pool] : pools) pool.close();  // its calls are answered on the shards
    shards.stop_and_join();
    if (telemetry) telemetry->close();
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

  std::shared_ptr<rpc::Slot> slot(const std::string& service) {
    std::lock_guard lock(mutex);
    auto& slot = slots[service];
    if (!slot) slot = std::make_shared<rpc::Slot>();
    return slot;
  }

  /// Made when it is first asked for; the empty name is the common one's.
  io::WorkerPool& workers(const std::string& name = {}) {
    std::lock_guard lock(mutex);
    const auto found = pools.find(name);
    if (found != pools.end()) return found->second;
    const io::WorkerPool::Options options = pool_options(name);
    io::WorkerPool& made = pools.try_emplace(name, env, options).first->second;
    if (telemetry) telemetry->watch(options.name, made);
    return made;
  }

  io::WorkerPool::Options pool_options(const std::string& name) const {
    PoolOptions options{
        .threads = config.worker_threads, .queue = config.worker_queue, .queue_time = config.worker_queue_time};
    if (!name.empty()) {
      const auto own = config.pools.find(name);
      if (own == config.pools.end()) {
        throw Error(rpc::Code::kServerUndeclared,
                    fmt::format("there is no worker pool '{}': `pools` of the configuration has {}", name,
                                fmt::join(names_of(config.pools), ", ")));
      }
      options = own->second;
    }
    return {.name = name.empty() ? "worker" : name,
            .threads = static_cast<int>(options.threads),
            .most_queued = options.queue,
            .queue_time = options.queue_time};
  }

  io::Env& env;
  const ContextConfig config;
  rpc::ServiceTable services;
  io::Shards shards;
  const std::unique_ptr<observe::Telemetry> telemetry;  // null: nothing is observed
  observe::Health::Component listening;
  rpc::BoltServer server;
  rpc::BoltClient client;
  rpc::Naming naming;
  std::optional<io::Balancer> balancer;
  std::mutex mutex;  // the two below; no call takes it
  std::map<std::string, std::shared_ptr<rpc::Slot>> slots;
  std::map<std::string, io::WorkerPool> pools;
};

Context::Context(io::Env& env, ContextConfig config) : state_(std::make_unique<State>(env, std::move(config))) {
  if (state_->telemetry) wait(state_->telemetry->start());
}
Context::~Context() = default;

void Context::publish_erased(const rpc::Interface& interface, std::shared_ptr<void> service, PublishOptions options) {
  options = configured(state_->config.services, interface.name, std::move(options));
  const rpc::ServiceKey key = key_of(interface.name, options.version, options.unique_id);
  std::shared_ptr<rpc::Slot> slot = state_->slot(key.to_string());
  rpc::ServiceOptions limits;
  limits.pool = options.blocking || !options.pool.empty() ? &state_->workers(options.pool) : nullptr;
  limits.max_concurrent = options.max_concurrent;
  limits.adaptive_limit = options.adaptive_limit;
  limits.priority = options.priority;
  check_methods(interface, options.methods);
  limits.by_method = std::move(options.methods);
  limits.filters = value_or_raise(rpc::make_filters(rpc::Side::kProvider, options.filters));
  if (state_->telemetry) {
    limits.methods = rpc::observed_methods(*state_->telemetry, observe::Side::kServer, key.to_string(), interface);
  }
  slot->install(std::move(service));
  // Published before: the slot was exchanged, and callers did not notice.
  (void)state_->services.publish(std::make_shared<rpc::ServiceEntry>(key, interface, slot, limits));
  if (!options.registered || state_->config.registry.empty()) return;
  finish(state_->naming.offer(
      key, {.weight = options.weight, .warmup_time = options.warmup_time, .warmup_weight = options.warmup_weight}));
}

void Context::unpublish_erased(const rpc::Interface& interface, const PublishOptions& options) {
  const rpc::ServiceKey key = key_of(interface.name, options.version, options.unique_id);
  if (!state_->config.registry.empty()) finish(state_->naming.retract(key));
  const std::string text = key.to_string();
  (void)state_->services.unpublish(text);
  state_->slot(text)->remove();
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
  rpc::ServiceKey key = key_of(name, options.version, options.unique_id);
  auto route = std::make_shared<rpc::Route>();
  route->service = key.to_string();
  route->slot = state_->slot(route->service);
  route->filters = value_or_raise(rpc::make_filters(rpc::Side::kConsumer, options.filters));
  route->remote = value_or_raise(state_->naming.refer({.address = {},
                                                       .key = std::move(key),
                                                       .interface = &interface,
                                                       .app = state_->config.app,
                                                       .timeout = options.timeout},
                                                      options.url, options.cluster));
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
  for (const std::string& each : urls) {
    bound.push_back(wait(state_->server.start_listening(value_or_raise(rpc::parse_url(each)))));
    wait(state_->naming.open(bound.back()));
  }
  state_->listening.up();
  return bound;
}

void Context::stop(io::Duration grace) {
  const io::TimePoint deadline = state_->env.clock.now() + grace;
  state_->listening.down("stopping");
  // A registry that does not answer may not take the time of the calls under way.
  if (const Result<void> told = sofa::wait(shards(), state_->naming.withdraw(), grace / 4); !told) {
    log::warn("stopping although not everything is unpublished: {}", told.error().message());
  }
  state_->balancer.reset();  // no connection is between two shards when they are closed one by one
  wait(state_->server.stop(deadline), grace + std::chrono::seconds(5));
  state_->client.close();
  if (state_->telemetry) wait(state_->telemetry->stop(deadline), grace + std::chrono::seconds(5));
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

}  // namespace sofa
