#include "sofa/observe/admin.h"

#include "sofa/base/log_setup.h"
#include "sofa/observe/prometheus.h"
#include "sofa/observe/telemetry.h"

namespace sofa::observe {
namespace {

using net::HttpRequest;
using net::HttpResponse;

constexpr std::size_t kMostBody = 1024;

HttpResponse answer(int status, std::string_view type, std::string_view text) {
  HttpResponse response{.status = status};
  response.headers.add("Content-Type", type);
  response.headers.add("Cache-Control", "no-store");
  response.body = text;
  return response;
}

Task<HttpResponse> answer_metrics(Telemetry& telemetry) {
  const std::string text = co_await telemetry.metrics();
  co_return answer(200, kPrometheusType, text);
}

HttpResponse answer_health(const Telemetry& telemetry, Health::Group group) {
  const Health::Report report = telemetry.health().report(group);
  return answer(report.up ? 200 : 503, "application/json", report.json);
}

std::string_view name_of(log::Level level) {
  for (const auto& [name, value] : config_names(level)) {
    if (value == level) return name;
  }
  return "?";
}

HttpResponse answer_level() {
  return HttpResponse::text(200, fmt::format("{}\n", name_of(log::level())));
}

Task<HttpResponse> change_level(HttpRequest request) {
  std::string asked = co_await request.body.read_text(kMostBody);
  while (asked.ends_with('\n') || asked.ends_with('\r')) asked.pop_back();
  std::string names;
  for (const auto& [name, level] : config_names(log::Level())) {
    if (name == asked) {
      log::set_level(level);
      log::info("log level changed {}", log::kv("level", name));
      co_return answer_level();
    }
    names.append(names.empty() ? "" : ", ").append(name);
  }
  co_return HttpResponse::text(400, fmt::format("'{}' is no level: send one of {} as the body\n", asked, names));
}

}  // namespace

net::HttpRouter admin_router(Telemetry& telemetry) {
  const auto metrics = [&telemetry](const HttpRequest&) { return answer_metrics(telemetry); };
  const auto health = [&telemetry](Health::Group group) {
    return [&telemetry, group](const HttpRequest&) -> Task<HttpResponse> { return answer_health(telemetry, group); };
  };
  net::HttpRouter router;
  router.add("GET", "/metrics", metrics).add("GET", "/actuator/prometheus", metrics);
  for (const std::string prefix : {"", "/actuator"}) {
    router.add("GET", prefix + "/health", health(Health::kAll))
        .add("GET", prefix + "/readiness", health(Health::kReadiness))
        .add("GET", prefix + "/liveness", health(Health::kLiveness));
  }
  add_level_routes(router);
  return router;
}

void add_level_routes(net::HttpRouter& router) {
  router.add("GET", "/loglevel", [](const HttpRequest&) -> Task<HttpResponse> { return answer_level(); })
      .add("PUT", "/loglevel", change_level);
}

}  // namespace sofa::observe
