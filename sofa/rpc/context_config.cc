#include "sofa/rpc/context_config.h"

#include <chrono>
#include <map>

#include <fmt/format.h>

#include "sofa/base/config.h"
#include "sofa/observe/config_schema.h"
#include "sofa/rpc/cluster/balancer.h"
#include "sofa/rpc/sources.h"
#include "sofa/rpc/url.h"

namespace sofa {

// Found by argument lookup, so it stands where TracingOptions does.
static const config::Schema& config_schema(const TracingOptions*) {
  static const config::Schema schema = config::schema<TracingOptions>({
      config::key<&TracingOptions::enabled>("enabled", "calls that have no trace get one"),
      config::key<&TracingOptions::address>("address", "this machine's IPv4 address, as it stands in trace ids",
                                            {.max = 15}),
      config::key<&TracingOptions::process>("process", "the process id in trace ids; 0 is a random number",
                                            {.max = 9'999'999}),
  });
  return schema;
}

static const config::Schema& config_schema(const MethodOptions*) {
  static const config::Schema schema = config::schema<MethodOptions>({
      config::key<&MethodOptions::max_concurrent>(
          "max_concurrent", "calls under way at once, one more is answered SERVER_BUSY; 0 is no limit of its own"),
      config::key<&MethodOptions::priority>("priority", "of calls that bring none, in place of the service's"),
  });
  return schema;
}

namespace rpc {

static const config::Schema& config_schema(const ProcessLimits*) {
  using L = ProcessLimits;
  static const config::Schema schema = config::schema<L>({
      config::key<&L::memory_mb>("memory_mb", "that its process may have; 0 is no limit"),
      config::key<&L::cpu_percent>("cpu_percent", "of one processor that its process may have; 0 is no limit"),
  });
  return schema;
}

static const config::Schema& config_schema(const ModuleLife*) {
  using L = ModuleLife;
  static const config::Schema schema = config::schema<L>({
      config::key<&L::start_timeout>("start_timeout_ms", "for a module's start, and for its readiness", {.min = 1}),
      config::key<&L::stop_timeout>("stop_timeout_ms", "for a module's stop, and for its tasks to end", {.min = 1}),
      config::key<&L::drain_timeout>("drain_timeout_ms", "for calls under way, when another version is active"),
      config::key<&L::check_timeout>("check_timeout_ms", "for one question whether it is healthy", {.min = 1}),
      config::key<&L::check_interval>("check_interval_ms", "between two such questions"),
      config::key<&L::checks>("checks", "such questions, until a module counts as failed", {.min = 1, .max = 10'000}),
      config::key<&L::best_effort>("best_effort",
                                   "a module that fails is left out, with those that require it; else nothing starts"),
  });
  return schema;
}

namespace {

using Milliseconds = std::chrono::milliseconds;

Milliseconds in_ms(io::Duration duration) {
  return std::chrono::duration_cast<Milliseconds>(duration);
}

/// PoolOptions as the file says it.
struct PoolSection {
  std::uint32_t threads = PoolOptions().threads;
  std::uint32_t queue = PoolOptions().queue;
  Milliseconds queue_time{0};
};

const config::Schema& config_schema(const PoolSection*) {
  using S = PoolSection;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::threads>("threads", "that run its services' code", {.min = 1, .max = 1024}),
      config::key<&S::queue>("queue", "calls that may wait for a thread", {.min = 1, .max = 1'000'000}),
      config::key<&S::queue_time>("queue_time_ms", "the longest wait for one, then SERVER_BUSY; 0 is found by itself",
                                  {.max = 86'400'000}),
  });
  return schema;
}

/// PublishOptions as the file says it.
struct ServiceSection {
  std::string version = PublishOptions().version;
  std::string unique_id;
  bool blocking = false;
  std::string pool;
  std::uint32_t max_concurrent = 0;
  bool adaptive_limit = false;
  std::int32_t priority = 0;
  std::map<std::string, MethodOptions> methods;
  std::vector<std::string> filters;
  std::vector<std::string> bindings = PublishOptions().bindings;
  bool registered = true;
  std::uint32_t weight = PublishOptions().weight;
  Milliseconds warmup_time{0};
  std::uint32_t warmup_weight = PublishOptions().warmup_weight;
};

const config::Schema& config_schema(const ServiceSection*) {
  using S = ServiceSection;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::version>("version", "version of the service", {.min = 1, .max = 255}),
      config::key<&S::unique_id>("unique_id", "tells apart two of one interface and version", {.max = 255}),
      config::key<&S::blocking>("blocking", "the service blocks: run its code on a worker pool"),
      config::key<&S::pool>("pool", "which of `pools` that is, and so blocking; empty is the common one", {.max = 64}),
      config::key<&S::max_concurrent>(
          "max_concurrent", "calls under way at once, one more is answered SERVER_BUSY; 0 is no limit of its own"),
      config::key<&S::adaptive_limit>("adaptive_limit",
                                      "that limit is found from how long calls take; max_concurrent is its most"),
      config::key<&S::priority>("priority", "of calls that bring none; those below 0 are refused first"),
      config::key<&S::methods>("methods", "by name on the wire: what single methods have of their own"),
      config::key<&S::filters>("filters", "names of filters in its way; -name leaves out an automatic one",
                               {.max = 64}),
      config::key<&S::bindings>(
          "bindings", "by what it is served beside calls in the process, [bolt] unless said; [] is by nothing",
          {.max = 8}),
      config::key<&S::registered>("registered", "the registry is told of it"),
      config::key<&S::weight>("weight", "of its calls, relative to other providers", {.max = 1'000'000}),
      config::key<&S::warmup_time>("warmup_time_ms", "after the start, in which it gets warmup_weight instead",
                                   {.max = 86'400'000}),
      config::key<&S::warmup_weight>("warmup_weight", "its weight for warmup_time_ms", {.max = 1'000'000}),
  });
  return schema;
}

PublishOptions options_of(const ServiceSection& section) {
  return {.version = section.version,
          .unique_id = section.unique_id,
          .blocking = section.blocking,
          .pool = section.pool,
          .max_concurrent = section.max_concurrent,
          .adaptive_limit = section.adaptive_limit,
          .priority = section.priority,
          .methods = section.methods,
          .filters = section.filters,
          .bindings = section.bindings,
          .registered = section.registered,
          .weight = section.weight,
          .warmup_time = section.warmup_time,
          .warmup_weight = section.warmup_weight};
}

/// FaultToleranceOptions as the file says it: SOFARPC's names, in our spelling.
struct FaultToleranceSection {
  bool regulation_effective = FaultToleranceOptions().regulation_effective;
  bool degrade_effective = FaultToleranceOptions().degrade_effective;
  Milliseconds time_window = in_ms(FaultToleranceOptions().time_window);
  std::uint64_t least_call_count = FaultToleranceOptions().least_call_count;
  std::uint64_t least_window_count = FaultToleranceOptions().least_window_count;
  double least_window_exception_rate_multiple = FaultToleranceOptions().least_window_exception_rate_multiple;
  double weight_degrade_rate = FaultToleranceOptions().weight_degrade_rate;
  std::uint32_t degrade_least_weight = FaultToleranceOptions().degrade_least_weight;
  double weight_recover_rate = FaultToleranceOptions().weight_recover_rate;
  std::uint32_t degrade_max_ip_count = FaultToleranceOptions().degrade_max_ip_count;
  double latency_multiple = FaultToleranceOptions().latency_multiple;
  double eject_share = FaultToleranceOptions().eject_share;
  Milliseconds ejection = in_ms(FaultToleranceOptions().ejection);
};

const config::Schema& config_schema(const FaultToleranceSection*) {
  using S = FaultToleranceSection;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::regulation_effective>("regulation_effective", "providers are judged at all"),
      config::key<&S::degrade_effective>("degrade_effective",
                                         "abnormal ones get fewer calls; else they are only logged"),
      config::key<&S::time_window>("time_window_ms", "between two judgements", {.min = 100, .max = 3'600'000}),
      config::key<&S::least_call_count>("least_call_count",
                                        "calls of a service in a window, below which none is judged"),
      config::key<&S::least_window_count>("least_window_count", "calls of a provider, below which it is not judged"),
      config::key<&S::least_window_exception_rate_multiple>(
          "least_window_exception_rate_multiple", "of the service's rate of failures, which makes a provider abnormal"),
      config::key<&S::weight_degrade_rate>("weight_degrade_rate", "what an abnormal provider keeps of its weight"),
      config::key<&S::degrade_least_weight>("degrade_least_weight", "the weight that it keeps at the least"),
      config::key<&S::weight_recover_rate>("weight_recover_rate", "by which its weight grows again in a window"),
      config::key<&S::degrade_max_ip_count>("degrade_max_ip_count",
                                            "providers that are degraded at a time, at the most"),
      config::key<&S::latency_multiple>("latency_multiple",
                                        "of the others' latency, which makes a provider abnormal; 0 is never"),
      config::key<&S::eject_share>("eject_share", "of a service's providers that may be degraded at a time"),
      config::key<&S::ejection>("ejection_ms", "for which a provider stays degraded at the least", {.max = 86'400'000}),
  });
  return schema;
}

FaultToleranceOptions options_of(const FaultToleranceSection& section) {
  return {.regulation_effective = section.regulation_effective,
          .degrade_effective = section.degrade_effective,
          .time_window = section.time_window,
          .least_call_count = section.least_call_count,
          .least_window_count = section.least_window_count,
          .least_window_exception_rate_multiple = section.least_window_exception_rate_multiple,
          .weight_degrade_rate = section.weight_degrade_rate,
          .degrade_least_weight = section.degrade_least_weight,
          .weight_recover_rate = section.weight_recover_rate,
          .degrade_max_ip_count = section.degrade_max_ip_count,
          .latency_multiple = section.latency_multiple,
          .eject_share = section.eject_share,
          .ejection = section.ejection};
}

/// ReferenceOptions as the file says it.
struct ReferenceSection {
  std::string version = ReferenceOptions().version;
  std::string unique_id;
  std::string url;
  bool in_process = true;
  bool filter_in_process = false;
  std::optional<bool> required;
  Milliseconds wait{0};
  Milliseconds timeout = in_ms(ReferenceOptions().timeout);
  std::string cluster = "failover";
  std::uint32_t retries = ClusterOptions().retries;
  Milliseconds attempt_timeout{0};
  Milliseconds hedge_after{0};
  std::string load_balancer = ClusterOptions().load_balancer;
  bool sticky = false;
  std::string connect = "all";
  std::uint32_t elastic_size = ClusterOptions().elastic_size;
  std::uint32_t elastic_percent = ClusterOptions().elastic_percent;
  std::vector<std::string> filters;
  std::vector<std::string> routers;
  FaultToleranceSection fault_tolerance;
};

const config::Schema& config_schema(const ReferenceSection*) {
  using S = ReferenceSection;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::version>("version", "version of the service", {.min = 1, .max = 255}),
      config::key<&S::unique_id>("unique_id", "tells apart two of one interface and version", {.max = 255}),
      config::key<&S::url>("url",
                           "bolt://host:port, several of them, or a source of addresses, called when the service is "
                           "not in this process; empty is the registry"),
      config::key<&S::in_process>("in_process", "a service of this process is called first, where there is one"),
      config::key<&S::filter_in_process>("filter_in_process", "filters see calls to a service of this process too"),
      config::key<&S::required>("required",
                                "a module fails to start where nobody could answer; so unless it says false"),
      config::key<&S::wait>("wait_ms", "for a service of this process that is not there yet, at each call",
                            {.max = 86'400'000}),
      config::key<&S::timeout>("timeout_ms", "from a call to its answer", {.min = 1, .max = 86'400'000}),
      config::key<&S::cluster>("cluster", "failover, or failfast: no call is tried again"),
      config::key<&S::retries>("retries", "further attempts of a call that may be retried", {.max = 3}),
      config::key<&S::attempt_timeout>("attempt_timeout_ms", "of one attempt; 0 is the whole call's",
                                       {.max = 86'400'000}),
      config::key<&S::hedge_after>("hedge_after_ms",
                                   "an idempotent call that is not answered by then is asked of another provider too; "
                                   "0 is never",
                                   {.max = 86'400'000}),
      config::key<&S::load_balancer>("load_balancer", "which provider gets the next call"),
      config::key<&S::sticky>("sticky", "calls stay with one provider for as long as it is there"),
      config::key<&S::connect>("connect", "to all providers, lazy or elastic"),
      config::key<&S::elastic_size>("elastic_size", "providers to connect to where connect is elastic", {.min = 1}),
      config::key<&S::elastic_percent>("elastic_percent", "of the list, in place of elastic_size", {.max = 100}),
      config::key<&S::filters>("filters", "names of filters in its way; -name leaves out an automatic one",
                               {.max = 64}),
      config::key<&S::routers>("routers", "names of routers that choose among the providers", {.max = 64}),
      config::key<&S::fault_tolerance>("fault_tolerance", "how failing and slow providers are judged"),
  });
  return schema;
}

PoolOptions options_of(const PoolSection& section) {
  return {.threads = section.threads, .queue = section.queue, .queue_time = section.queue_time};
}

/// ApplicationModule as the file says it.
struct ModuleSection {
  std::string file;
  bool elsewhere = false;
  std::string isolation;
  std::optional<ProcessLimits> limits;
  std::map<std::string, std::string> config;
  std::optional<log::Config> log;
  PoolSection workers;
  std::map<std::string, PoolSection> pools;
  std::map<std::string, ServiceSection> services;
  std::map<std::string, ReferenceSection> references;
};

const config::Schema& config_schema(const ModuleSection*) {
  using S = ModuleSection;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::file>("file", "its shared object: beside this file, or a plain name where modules are installed"),
      config::key<&S::elsewhere>("elsewhere",
                                 "it runs in another process, and may be required; `references` say where"),
      config::key<&S::isolation>("isolation", "shared or process, in place of what its module.yaml says"),
      config::key<&S::limits>("limits", "of a process of its own, in place of what its module.yaml says"),
      config::key<&S::config>("config", "its own settings, by the keys of its module.yaml"),
      config::key<&S::log>("log", "its own log; without it, it logs to the process's, with its name"),
      config::key<&S::workers>("workers", "threads for its blocking services"),
      config::key<&S::pools>("pools", "by name: worker pools of single services of it"),
      config::key<&S::services>("services", "by interface: what overrides the code's options, for this module"),
      config::key<&S::references>("references", "by interface: where its reference goes"),
  });
  return schema;
}

struct File {
  ApplicationFile made;
  std::map<std::string, ModuleSection> modules;
  Milliseconds worker_queue_time{0};
  std::map<std::string, PoolSection> pools;
  std::map<std::string, ServiceSection> services;
  std::map<std::string, ReferenceSection> references;
};

// The keys of File's parts stand side by side in the text.
template <auto Member>
config::Key context_key(std::string_view name, std::string_view doc, config::Limits limits = {}) {
  config::Key key = config::key<Member>(name, doc, limits);
  key.member = [](void* file) -> void* { return &(static_cast<File*>(file)->made.context.*Member); };
  return key;
}
template <auto Member>
config::Key file_key(std::string_view name, std::string_view doc, config::Limits limits = {}) {
  config::Key key = config::key<Member>(name, doc, limits);
  key.member = [](void* file) -> void* { return &(static_cast<File*>(file)->made.*Member); };
  return key;
}

const config::Schema& config_schema(const File*) {
  static const config::Schema schema = config::schema<File>({
      file_key<&ApplicationFile::application>(
          "application", "which application of the binary to run; `sofa serve --help` lists them", {.min = 1}),
      config::key<&File::modules>("modules", "by name: the modules that are the application"),
      file_key<&ApplicationFile::profiles>("profiles", "those that are active: which modules are there", {.max = 64}),
      file_key<&ApplicationFile::module_life>("module_life", "how modules come and go"),
      file_key<&ApplicationFile::ctl>("ctl", "the unix socket that `sofa ctl` asks; empty is one by the app's name"),
      file_key<&ApplicationFile::ctl_http>(
          "ctl_http", "host:port where what `sofa ctl` shows is served over HTTP too, to look at; empty is nowhere"),
      context_key<&ContextConfig::app>("app", "the name that other applications see", {.min = 1, .max = 255}),
      context_key<&ContextConfig::listen>("listen", "where to serve: bolt://host:port (port 0 takes a free one)",
                                          {.max = 64}),
      context_key<&ContextConfig::shards>("shards", "threads that serve connections, one a core",
                                          {.min = 1, .max = 256}),
      context_key<&ContextConfig::worker_threads>("worker_threads", "threads for blocking services",
                                                  {.min = 1, .max = 1024}),
      context_key<&ContextConfig::worker_queue>("worker_queue", "calls that may wait for such a thread",
                                                {.min = 1, .max = 1'000'000}),
      config::key<&File::worker_queue_time>("worker_queue_time_ms",
                                            "the longest wait for one, then SERVER_BUSY; 0 is found by itself",
                                            {.max = 86'400'000}),
      config::key<&File::pools>("pools", "by name: worker pools of single services"),
      context_key<&ContextConfig::max_connections>("max_connections", "connections that are served; one more is closed",
                                                   {.min = 1, .max = 10'000'000}),
      context_key<&ContextConfig::connections>("connections", "connections that a shard opens to an address it calls",
                                               {.min = 1, .max = 1024}),
      context_key<&ContextConfig::tracing>("tracing", "traces of calls that begin here"),
      context_key<&ContextConfig::observe>("observe", "metrics, health, logs of calls and spans"),
      context_key<&ContextConfig::registry>(
          "registry", "where services are published and found, such as zookeeper://10.0.0.1:2181; empty is nowhere"),
      context_key<&ContextConfig::announce>("announce", "the host by which others call this process", {.max = 255}),
      config::key<&File::services>("services", "by interface: what overrides the code's options"),
      config::key<&File::references>("references", "by interface: where a reference goes"),
      file_key<&ApplicationFile::log>("log", "where the log goes"),
  });
  return schema;
}

const std::map<std::string, Connect, std::less<>> kConnects{
    {"all", Connect::kAll}, {"lazy", Connect::kLazy}, {"elastic", Connect::kElastic}};

ReferenceOptions options_of(const ReferenceSection& section) {
  ReferenceOptions options{.version = section.version,
                           .unique_id = section.unique_id,
                           .url = section.url,
                           .in_process = section.in_process,
                           .filter_in_process = section.filter_in_process,
                           .required = section.required,
                           .wait = section.wait,
                           .timeout = section.timeout,
                           .filters = section.filters};
  options.cluster = {.failover = section.cluster != "failfast",
                     .retries = section.retries,
                     .attempt_timeout = section.attempt_timeout,
                     .hedge_after = section.hedge_after,
                     .load_balancer = section.load_balancer,
                     .sticky = section.sticky,
                     .connect = kConnects.at(section.connect),
                     .elastic_size = section.elastic_size,
                     .elastic_percent = section.elastic_percent,
                     .fault_tolerance = options_of(section.fault_tolerance),
                     .routers = section.routers};
  return options;
}

ApplicationModule module_of(const std::string& name, const ModuleSection& section) {
  ApplicationModule made{.file = section.file,
                         .elsewhere = section.elsewhere,
                         .isolation = section.isolation,
                         .limits = section.limits,
                         .settings = section.config,
                         .log = section.log,
                         .part = {.name = name}};
  made.part.workers = options_of(section.workers);
  for (const auto& [pool, own] : section.pools) made.part.pools.emplace(pool, options_of(own));
  for (const auto& [service, own] : section.services) made.part.services.emplace(service, options_of(own));
  for (const auto& [reference, own] : section.references) made.part.references.emplace(reference, options_of(own));
  return made;
}

// What a schema cannot say.
std::vector<config::Problem> check(const File& read, std::string_view file) {
  std::vector<config::Problem> problems;
  const auto report = [&](std::string path, std::string message) {
    problems.push_back({config::ConfigError::kWrongType, std::string(file), 0, std::move(path), std::move(message)});
  };
  const std::vector<std::string>& listen = read.made.context.listen;
  for (std::size_t i = 0; i < listen.size(); ++i) {
    if (auto address = parse_url(listen[i]); !address) report(fmt::format("listen[{}]", i), address.error().message());
  }
  for (const auto& [name, module] : read.modules) {
    if (module.file.empty() != module.elsewhere) {
      report("modules." + name, "give it either a `file`, or `elsewhere: true`");
    }
    if (!module.isolation.empty() && module.isolation != "shared" && module.isolation != "process") {
      report(fmt::format("modules.{}.isolation", name),
             fmt::format("'{}' is neither shared nor process", module.isolation));
    }
  }
  if (read.made.application.empty() == read.modules.empty()) {
    report("application", "say either which application of the binary this is, or which modules it has");
  }
  for (auto& [key, message] : observe::problems_of(read.made.context.observe)) {
    report("observe." + key, std::move(message));
  }
  for (const auto& [name, service] : read.services) {
    if (!service.pool.empty() && !read.pools.contains(service.pool)) {
      report("services." + name + ".pool", fmt::format("'{}' is none of `pools`", service.pool));
    }
  }
  for (const auto& [name, reference] : read.references) {
    const std::string at = "references." + name;
    const bool is_list = reference.url.starts_with("bolt://") || reference.url.find("://") == std::string::npos;
    if (is_list && !reference.url.empty()) {
      if (auto list = parse_direct_url(reference.url); !list) report(at + ".url", list.error().message());
    }
    if (reference.cluster != "failover" && reference.cluster != "failfast") {
      report(at + ".cluster", fmt::format("'{}' is neither failover nor failfast", reference.cluster));
    }
    if (!kConnects.contains(reference.connect)) {
      report(at + ".connect", fmt::format("'{}' is none of all, lazy, elastic", reference.connect));
    }
    if (auto balancer = make_balancer(reference.load_balancer); !balancer) {
      report(at + ".load_balancer", balancer.error().message());
    }
  }
  return problems;
}

}  // namespace

std::vector<config::Problem> read_application(std::string_view text, std::string_view file, ApplicationFile& into) {
  File read;
  std::vector<config::Problem> problems = config::read(text, file, read);
  if (problems.empty()) problems = check(read, file);
  if (!problems.empty()) return problems;
  read.made.context.worker_queue_time = read.worker_queue_time;
  for (const auto& [name, section] : read.pools) {
    read.made.context.pools[name] = options_of(section);
  }
  for (const auto& [name, section] : read.services) read.made.context.services.emplace(name, options_of(section));
  for (const auto& [name, section] : read.references) read.made.context.references.emplace(name, options_of(section));
  for (const auto& [name, section] : read.modules) read.made.modules.emplace(name, module_of(name, section));
  into = std::move(read.made);
  return problems;
}

Result<ApplicationFile> load_application(std::string_view text, std::string_view file) {
  ApplicationFile made;
  auto problems = read_application(text, file, made);
  if (!problems.empty()) return fail(config::detail::to_error(problems));
  return made;
}

const config::Schema& application_schema() {
  return config_schema(static_cast<const File*>(nullptr));
}

}  // namespace rpc
}  // namespace sofa
