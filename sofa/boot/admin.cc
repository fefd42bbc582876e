#include "sofa/boot/admin.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "sofa/boot/error.h"
#include "sofa/boot/host_views.h"
#include "sofa/boot/json.h"
#include "sofa/boot/timeline.h"
#include "sofa/io/async.h"
#include "sofa/observe/admin.h"
#include "sofa/wire/http/target.h"

namespace sofa::boot {
namespace {

using namespace std::string_view_literals;

std::string iso(StateLog::Wall time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

double in_ms(io::Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

net::HttpResponse refusal(const Error& error) {
  int status = 400;
  if (error.is(BootError::kState)) status = 409;
  if (error.is(BootError::kUnknown)) status = 404;
  return net::HttpResponse::json(status, fmt::format("{{\"error\":{}}}\n", quoted(error.message())));
}

using Query = std::map<std::string, std::string>;

const std::string& required(const Query& query, const std::string& key) {
  const auto found = query.find(key);
  if (found != query.end() && !found->second.empty()) return found->second;
  throw Error(BootError::kUnknown, fmt::format("the query has no '{}'", key));
}

std::string optional(const Query& query, const std::string& key) {
  const auto found = query.find(key);
  return found == query.end() ? std::string() : found->second;
}

using Answer = Task<std::string> (*)(Container& container, Query query);

Task<std::string> list_modules(Container& container, Query query) {
  const std::string name = optional(query, "name"), version = optional(query, "version");
  std::vector<ModuleInfo> modules = container.modules();
  std::erase_if(modules, [&](const ModuleInfo& module) {
    return (!name.empty() && module.name != name) || (!version.empty() && module.version != version);
  });
  if (modules.empty() && !name.empty()) {
    throw Error(BootError::kUnknown, fmt::format("there is no module '{}' {}", name, version));
  }
  co_return json_list(modules, [](const ModuleInfo& module) { return to_json(module); });
}

double number_of(const std::string& text, double least, double most, std::string_view what) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  throw Error(BootError::kUnknown, fmt::format("'{}' is no {}: {} to {}, such as 2.5", text, what, least, most));
}

Task<std::string> figures(Container& container, Query query) {
  const ServerFigures now = container.figures();
  std::string slow;
  if (const std::string ms = optional(query, "slow_ms"); !ms.empty()) {
    constexpr double kDayMs = 86'400'000;
    const io::Duration limit(static_cast<std::int64_t>(number_of(ms, 0, kDayMs, "number of milliseconds") * 1e6));
    slow = fmt::format(",\"slow\":{}", container.calls_slower_than(limit));
  }
  co_return fmt::format("{{\"connections\":{},\"requests\":{},\"errors\":{},\"in_flight\":{}{}}}", now.connections,
                        now.requests, now.errors, now.in_flight, slow);
}

Task<std::string> startup(Container& container, Query) {
  co_return timeline_json(container.modules());
}

Task<std::string> startup_page(Container& container, Query) {
  co_return timeline_html(container.app(), container.modules());
}

Task<std::string> list_extensions(Container& container, Query) {
  co_return json_list(container.contributions(), [](const ExtensionPoints::ContributionPtr& one) {
    return fmt::format("{{\"point\":{},\"module\":{},\"order\":{}}}", quoted(one->point), quoted(one->module),
                       one->order);
  });
}

Task<std::string> readiness(Container& container, Query) {
  co_return readiness_json(container);
}

Task<std::string> liveness(Container&, Query) {
  co_return "{\"status\":\"UP\"}";
}

Task<std::string> services(Container& container, Query) {
  co_return services_json(container);
}

Task<std::string> config(Container& container, Query) {
  co_return config_json(container);
}

Task<std::string> version(Container& container, Query) {
  co_return version_json(container);
}

Task<std::string> shards(Container& container, Query) {
  return shards_json(container);
}

Task<std::string> install(Container& container, Query query) {
  ModuleOptions module{.file = required(query, "file")};
  query.erase("file");
  if (const std::string isolation = optional(query, "isolation"); !isolation.empty()) {
    module.isolation = isolation_of(isolation);
    query.erase("isolation");
  }
  module.settings = std::move(query);
  co_return to_json(co_await container.install(std::move(module)));
}

Task<std::string> check(Container& container, Query query) {
  co_await container.check(required(query, "name"), optional(query, "version"));
  co_return "{\"healthy\":true}";
}

Task<std::string> switch_to_version(Container& container, Query query) {
  co_await container.switch_to(required(query, "name"), required(query, "version"));
  co_return co_await list_modules(container, {});
}

Task<std::string> try_out(Container& container, Query query) {
  rpc::Trial trial;
  const std::string percent = optional(query, "percent"), callers = optional(query, "callers");
  const double share = percent.empty() ? 0 : number_of(percent, 0, 100, "percentage");
  trial.share = static_cast<std::uint32_t>(share * 100);
  for (std::size_t at = 0; at < callers.size();) {
    const std::size_t comma = std::min(callers.find(',', at), callers.size());
    if (comma > at) trial.callers.push_back(callers.substr(at, comma - at));
    at = comma + 1;
  }
  co_await container.try_out(required(query, "name"), required(query, "version"), std::move(trial));
  co_return co_await list_modules(container, {});
}

Task<std::string> rollback(Container& container, Query query) {
  co_await container.rollback(required(query, "name"));
  co_return co_await list_modules(container, {});
}

Task<std::string> uninstall(Container& container, Query query) {
  const std::vector<std::string> pins =
      co_await container.uninstall(required(query, "name"), required(query, "version"));
  co_return fmt::format("{{\"unloaded\":{},\"pins\":{}}}", pins.empty(),
                        json_list(pins, [](const std::string& pin) { return quoted(pin); }));
}

/// In a context of its own: who asked may leave, what was begun is brought to its end.
Task<std::string> to_its_end(Task<std::string> operation) {
  const ContextPtr context = CallContext::make();
  co_return co_await in_context(std::move(operation), *context);
}

/// Has it answered at the container's home, and comes back to the connection's shard.
Task<net::HttpResponse> at_home(Container& container, Answer answer, Query query) {
  io::Shard& here = *io::Shard::current();
  co_await switch_to(container.home());
  Result<std::string> answered = co_await as_result(to_its_end(answer(container, std::move(query))));
  co_await switch_to(here);
  if (!answered) co_return refusal(answered.error());
  const bool is_down = answer == readiness && answered->find("\"DOWN\"") != answered->npos;
  net::HttpResponse response = net::HttpResponse::json(is_down ? 503 : 200, *answered + "\n");
  if (answer == startup_page) response.headers.set("Content-Type", "text/html; charset=utf-8");
  co_return response;
}

struct Route {
  const char* method;
  const char* path;
  Answer answer;
};
constexpr Route kRoutes[] = {
    {"GET", "/modules", list_modules},
    {"GET", "/extensions", list_extensions},
    {"GET", "/services", services},
    {"GET", "/readiness", readiness},
    {"GET", "/liveness", liveness},
    {"GET", "/shards", shards},
    {"GET", "/config", config},
    {"GET", "/version", version},
    {"POST", "/modules/install", install},
    {"POST", "/modules/check", check},
    {"POST", "/modules/switch", switch_to_version},
    {"POST", "/modules/rollback", rollback},
    {"GET", "/figures", figures},
    {"GET", "/startup", startup},
    {"GET", "/startup.html", startup_page},
    {"POST", "/modules/uninstall", uninstall},
    {"POST", "/modules/trial", try_out},
};

void add(net::HttpRouter& router, const Route& route, Container& container) {
  router.add(route.method, route.path, [&container, answer = route.answer](net::HttpRequest request) {
    Result<Query> query = http::parse_query(request.query());
    if (!query) return Task<net::HttpResponse>(refusal(query.error()));
    return at_home(container, answer, *std::move(query));
  });
}

}  // namespace

void add_module_routes(net::HttpRouter& router, Container& container) {
  observe::add_level_routes(router);
  for (const Route& route : kRoutes) add(router, route, container);
}

void add_view_routes(net::HttpRouter& router, Container& container) {
  for (const Route& route : kRoutes) {
    if (route.method == "GET"sv) add(router, route, container);
  }
}

static std::string to_json(const ProcessInfo& process) {
  return fmt::format("{{\"id\":{},\"restarts\":{},\"last_end\":{}}}", process.id, process.restarts,
                     quoted(process.last_end));
}

std::string to_json(const ModuleInfo& module) {
  return fmt::format(
      "{{\"name\":{},\"version\":{},\"state\":{},\"requires\":{},\"services\":{},\"log\":{},\"steps\":{},\"memory_"
      "bytes\":{},\"process\":{}}}",
      quoted(module.name), quoted(module.version), quoted(to_string(module.state)),
      json_list(module.requires_modules, [](const std::string& name) { return quoted(name); }),
      json_list(module.services,
                [](const Context::Published& service) {
                  return fmt::format("{{\"service\":{},\"installed\":{},\"calls\":{}}}", quoted(service.service),
                                     service.installed, service.calls);
                }),
      json_list(module.log,
                [](const StateLog::Entry& entry) {
                  return fmt::format("{{\"state\":{},\"at\":{},\"why\":{}}}", quoted(to_string(entry.state)),
                                     quoted(iso(entry.at)), quoted(entry.why));
                }),
      json_list(module.steps,
                [](const ModuleInstance::Step& step) {
                  return fmt::format("{{\"step\":{},\"ms\":{:.3f}}}", quoted(step.name), in_ms(step.took));
                }),
      module.memory_bytes, module.process ? to_json(*module.process) : "null");
}

}  // namespace sofa::boot
