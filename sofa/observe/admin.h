// Admin: what an operator and a scraper ask a process over HTTP.
//
//   net::AdminServer server(shards, admin_router(telemetry));
//   server.listen(*io::Address::parse("127.0.0.1:9464"));
//
//   GET /metrics      figures for Prometheus
//   GET /health       all components; 503 where one is down
//   GET /readiness    those that calls need: whether to send traffic here
//   GET /liveness     those that only a restart helps
//   GET /loglevel     what is logged: `info`
//   PUT /loglevel     changes it, for this process's life: `curl -X PUT -d debug http://127.0.0.1:9464/loglevel`
//
// SOFABoot's paths are answered too: /actuator/prometheus, /actuator/health, /actuator/readiness, /actuator/liveness.
// Threads: any shard of the group. The Telemetry outlives the server.
#pragma once

#include "sofa/net/http_router.h"

namespace sofa::observe {

class Telemetry;

net::HttpRouter admin_router(Telemetry& telemetry);
/// Those of the log level, for a router of another endpoint.
void add_level_routes(net::HttpRouter& router);

}  // namespace sofa::observe
