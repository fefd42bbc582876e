// What people and programs ask of a running host about its modules, and have it do: routes for an HTTP server.
//
//   net::HttpRouter router;
//   add_module_routes(router, container);          // GET /modules, POST /modules/install, …
//   net::HttpServer server(shards, router.handler());
//
//   GET  /modules                                    all of them, as JSON
//   POST /modules/install?file=PATH                  beside what is there; further query keys are its settings
//   POST /modules/check?name=N[&version=V]
//   POST /modules/switch?name=N&version=V
//   POST /modules/trial?name=N&version=V[&percent=P][&callers=A,B]      of calls, or all of these; without either: ends
//   POST /modules/rollback?name=N
//   POST /modules/uninstall?name=N&version=V         200 also where it is pinned: `pins` says by what
//   GET  /extensions, /services
//   GET  /readiness, /liveness                       503 where a module does not come up or is broken
//   GET  /shards, /config, /version
//   GET  /loglevel, PUT /loglevel                    text
//   GET  /figures                                    calls over bindings, and how many of them failed
//   GET  /startup, /startup.html                     the timeline of the start, as JSON and as a page
//
// Failures are `{"error": …}`: 409 where the state forbids it, 404 for what is not there, else 400.
// Ownership: the container outlives the server. Threads: the handlers go to the container's home and back.
#pragma once

#include <string>

#include "sofa/boot/container.h"
#include "sofa/net/http_router.h"

namespace sofa::boot {

void add_module_routes(net::HttpRouter& router, Container& container);
/// Only those that GET: who asks can look, and change nothing.
void add_view_routes(net::HttpRouter& router, Container& container);

/// One module, as the routes give it.
std::string to_json(const ModuleInfo& module);

}  // namespace sofa::boot
