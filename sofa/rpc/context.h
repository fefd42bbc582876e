// Context: an application's place in the product. It publishes services, refers to others, and owns the shards.
//
//   sofa::Context context(sofa::io::posix::env(), {.app = "bank"});
//   context.publish<AccountService>(std::make_shared<Accounts>());
//   context.listen("bolt://127.0.0.1:12200");
//   auto accounts = context.reference<AccountService>({.url = "bolt://10.0.0.7:12200"});
//   sofa::Decimal balance = context.wait(accounts->get_balance("alice"));        // from a plain thread
//   context.stop(20s);
//
// A reference calls the service in this process when it is published here, else the url, else what the registry says.
// Both may change while calls run. Where a service listens and where a reference goes are configuration
// (ContextConfig): the file wins over the code.
//
// Threads: every member may be called from any plain thread; publish, reference and generic from a shard too.
// Errors: members throw sofa::Error (rpc::Code, io::IoError), saying what to change.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/chrono.h"
#include "sofa/io/shard.h"
#include "sofa/observe/config.h"
#include "sofa/rpc/cluster_options.h"
#include "sofa/rpc/generic.h"
#include "sofa/rpc/method_options.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/service.h"

namespace sofa::observe {
class Telemetry;
}
namespace sofa::rpc {
class Relay;
struct ServiceOptions;
}  // namespace sofa::rpc

namespace sofa {

struct PublishOptions {
  std::string version = "1.0";
  std::string unique_id = {};
  /// The service blocks: its code runs on a worker pool, not on a shard.
  bool blocking = false;
  /// Which of ContextConfig::pools that is; to name one makes the service blocking. Empty: the common one.
  std::string pool = {};
  /// Calls under way at once; one more is answered SERVER_BUSY. 0: no limit of its own.
  std::uint32_t max_concurrent = 0;
  /// The limit is found by itself, from how long calls take; max_concurrent is then the most that it may come to.
  bool adaptive_limit = false;
  /// Of calls that bring none (kPriority): those below 0 are refused first.
  std::int32_t priority = 0;
  /// By name on the wire (`getBalance`): what single methods have of their own.
  std::map<std::string, MethodOptions> methods = {};
  /// Names of filters (rpc/filter.h); "-name" leaves out an automatic one.
  std::vector<std::string> filters = {};
  /// By what it is served beside calls in the process, everywhere that the context listens; empty: by nothing.
  std::vector<std::string> bindings = {"bolt"};
  /// Whether the context's registry is told of it.
  bool registered = true;
  /// Of its calls, relative to other providers.
  std::uint32_t weight = 100;
  /// For so long after the start callers give it `warmup_weight` instead; 0: its own at once.
  io::Duration warmup_time{0};
  std::uint32_t warmup_weight = 10;
};

struct ReferenceOptions {
  std::string version = "1.0";
  std::string unique_id = {};
  /// Where it is when it is not in this process: bolt://host:port, several of them between commas, or a source of
  /// addresses (rpc/address_source.h). Empty: the context's registry; without one, only in this process.
  std::string url = {};
  /// Whether a service of this process is called first, where there is one.
  bool in_process = true;
  /// Whether `filters` see calls to a service of this process too. It makes such a call dearer by ten times and more.
  bool filter_in_process = false;
  /// Whether `reference` throws where nobody could answer: no service in this process, no url, no registry. Nothing: a
  /// module's does, an application's does not.
  std::optional<bool> required = {};
  /// How long a call waits for a service that is not there yet, within its timeout; for what comes and goes.
  io::Duration wait{0};
  /// From the call to its answer, unless the call or its context asks for less.
  io::Duration timeout = std::chrono::seconds(3);
  /// How calls go to several providers; a single address has no use for it.
  rpc::ClusterOptions cluster = {};
  /// Names of filters (rpc/filter.h); "-name" leaves out an automatic one.
  std::vector<std::string> filters = {};
};

/// Whether calls that have no trace get one, and what its id says of this process (TraceIds::Options).
struct TracingOptions {
  bool enabled = false;
  std::string address = {};
  std::uint32_t process = 0;
};

/// Threads for the code of services that block, and the calls that may wait for one.
struct PoolOptions {
  std::uint32_t threads = 8;
  std::uint32_t queue = 1024;
  /// The longest wait there, beyond which a call is answered SERVER_BUSY. 0: found by itself, short where the queue
  /// does not get shorter, and long enough for a burst where it does.
  io::Duration queue_time{0};
};

struct ContextConfig {
  std::string app = "sofa";
  std::uint32_t shards = 1;
  /// Shards beside them that serve no connections (io::Shards).
  std::uint32_t shards_apart = 0;
  /// The worker pool of blocking services that name no other.
  std::uint32_t worker_threads = PoolOptions().threads;
  std::uint32_t worker_queue = PoolOptions().queue;
  io::Duration worker_queue_time{0};
  /// Pools of their own for services that shall not wait for others (PublishOptions::pool).
  std::map<std::string, PoolOptions> pools = {};
  /// bolt://host:port or bolt://unix:/path, opened by `listen()`; port 0 takes a free one.
  std::vector<std::string> listen = {};
  std::uint32_t max_connections = 100'000;
  /// Connections that each shard opens to an address that references go to.
  std::uint32_t connections = 1;
  TracingOptions tracing = {};
  /// Metrics, logs of calls, spans: nothing unless it is asked for.
  observe::Config observe = {};
  /// Where services are published and references find theirs, such as zookeeper://10.0.0.1:2181; empty: nowhere.
  std::string registry = {};
  /// The host by which others call this process, where it is not the one that it listens at.
  std::string announce = {};
  /// By service (`interface:version[:uniqueId]`): where references find it that name no url, before the registry.
  std::map<std::string, std::string> addresses = {};
  /// By interface name: what the file says instead of the code.
  std::map<std::string, PublishOptions> services = {};
  std::map<std::string, ReferenceOptions> references = {};
};

/// What a part of an application has of its own, beside what it shares with its host.
struct PartConfig {
  /// Whose the services are that it publishes. Parts of one name are versions of one another, and no others may
  /// publish the same.
  std::string name;
  /// The worker pool of its blocking services that name no other, and those that they may name.
  PoolOptions workers = {};
  std::map<std::string, PoolOptions> pools = {};
  /// By interface name: what wins over the host's file and the code.
  std::map<std::string, PublishOptions> services = {};
  std::map<std::string, ReferenceOptions> references = {};
};

/// What the servers of a context have done, all shards together.
struct ServerFigures {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;
  std::uint64_t in_flight = 0;
};

class Context {
 public:
  /// A service that a context has published.
  struct Published {
    std::string service;  // `interface:version[:uniqueId]`
    bool installed;       // new calls find it
    std::int64_t calls;   // under way
    long holders;         // of the object, besides the context and the place that it is installed in
  };

  /// Starts the shards' threads.
  explicit Context(io::Env& env, ContextConfig config = {});
  /// Stops without grace where `stop` was not called.
  virtual ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  template <rpc::ServiceInterface S>
  void publish(std::shared_ptr<S> service, PublishOptions options = {}) {
    publish_erased(rpc::ServiceCode<S>::interface(), std::move(service), std::move(options));
  }
  /// New calls no longer find the service; calls under way end in their time.
  template <rpc::ServiceInterface S>
  void unpublish(const PublishOptions& options = {}) {
    unpublish_erased(rpc::ServiceCode<S>::interface(), options);
  }

  template <rpc::ServiceInterface S>
  rpc::Reference<S> reference(ReferenceOptions options = {}) {
    return rpc::Reference<S>(route(rpc::ServiceCode<S>::interface(), rpc::Service<S>::kName, std::move(options)));
  }
  /// Calls by name with values: no C++ interface needed.
  rpc::GenericReference generic(std::string_view interface, ReferenceOptions options = {});

  /// Opens `url` (or, without one, all of the configuration) on every shard; the addresses with their real ports.
  std::vector<io::Address> listen(std::string_view url = {});

  /// The same for code on a shard, which it may leave: for what is called from this machine only.
  Task<io::Address> start_listening(std::string url);

  /// Runs `task` on a shard and blocks this plain thread until it ended. Throws what it threw; after `timeout`
  /// io::IoError::kTimeout, and the task is cancelled.
  template <class T>
  T wait(Task<T> task, io::Duration timeout = std::chrono::seconds(30)) {
    Result<T> result = sofa::wait(shards(), std::move(task), timeout);
    if (!result) result.error().raise();
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

  /// The same in two steps: starts now, `get()` blocks later. From any thread.
  template <class T>
  Future<T> as_future(Task<T> task, io::Duration timeout = std::chrono::seconds(30)) {
    return sofa::as_future(shards().any(), std::move(task), timeout);
  }
  /// Starts `task`; `done` gets its Result on a shard. From any thread.
  template <class T, class Done>
  void on_result(Task<T> task, Done done) {
    sofa::on_result(shards().any(), std::move(task), std::move(done));
  }

  /// Unpublishes; no new connections; what arrives within `grace` is still answered; then everything is closed and the
  /// shards end. The same in two steps: between them this process may still call others.
  void stop(io::Duration grace);
  void close_traffic(io::Duration grace);
  void end();

  std::vector<Published> published() const;

  io::Env& env() const;
  io::Shards& shards() const;
  const ContextConfig& config() const;
  ServerFigures figures() const;
  /// Of the calls that were served since the start: those that took longer than `limit`.
  std::uint64_t calls_slower_than(io::Duration limit) const;
  /// To add components of health and figures to; null where nothing is observed.
  observe::Telemetry* telemetry() const;

 protected:
  /// A part of `host`, which outlives it: has its shards, connections, listeners and registry. Callers see nothing of
  /// what it publishes before `open`.
  Context(Context& host, PartConfig config);
  /// Callers find what it has published, in the place of what was there: one atomic exchange a service. From now on
  /// they find further ones at once. A registry that cannot be told is logged.
  Task<void> open();
  /// Some callers find what it has published, beside what is there; services that are not there yet stay so.
  void try_out(const rpc::Trial& trial);
  /// New calls no longer find what it has published, where no other part has taken the place.
  Task<void> close();
  /// Publishes, in the place of a service that runs in another process, what leads there. `owner` is for errors.
  std::shared_ptr<rpc::Relay> publish_relay(rpc::ServiceKey key, std::string owner);
  /// Ends the threads of its own pools; what they still run ends before.
  void close_pools();

 private:
  /// Waits for it, unless this is a shard.
  void finish(Task<void> task);
  void publish_erased(const rpc::Interface& interface, std::shared_ptr<void> service, PublishOptions options);
  void unpublish_erased(const rpc::Interface& interface, const PublishOptions& options);
  std::shared_ptr<const rpc::Route> route(const rpc::Interface& interface, std::string_view name,
                                          ReferenceOptions options);

  struct State;
  struct Own;
  struct PublishedService;
  rpc::ServiceOptions service_options(const std::string& text, const rpc::Interface& interface,
                                      const PublishOptions& options);
  Task<void> put_in_place(PublishedService service);
  Task<void> take_out(PublishedService service);

  std::shared_ptr<State> state_;
  std::unique_ptr<Own> own_;
};

}  // namespace sofa
