// HttpServerShard: what an HttpServer keeps on one shard. One shard's thread; counts may be read from any.
#pragma once

#include <memory>

#include "sofa/base/counters.h"
#include "sofa/net/http_date.h"
#include "sofa/net/http_server.h"
#include "sofa/net/running_tasks.h"

namespace sofa::net {

class HttpServerConnection;

struct HttpServerShard {
  io::Shard& shard;
  const std::shared_ptr<const HttpHandler> handler;
  const HttpServerOptions options;
  HttpServerCounts<Gauge> counts = {};
  bool stopping = false;
  HttpDate date = {};
  HttpServerConnection* connections = nullptr;  // all open ones
  RunningTasks tasks = {};                      // goes first: it uses the rest
};

}  // namespace sofa::net
