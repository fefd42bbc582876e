// HttpClientShard: what an HttpClient keeps on one shard. One shard's thread; counts may be read from any.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sofa/base/counters.h"
#include "sofa/net/http_client.h"
#include "sofa/net/running_tasks.h"

namespace sofa::net {

class HttpPool;

class HttpClientShard : public std::enable_shared_from_this<HttpClientShard> {
 public:
  HttpClientShard(io::Shard& on, const HttpClientOptions& client_options);
  ~HttpClientShard();
  HttpClientShard(const HttpClientShard&) = delete;
  HttpClientShard& operator=(const HttpClientShard&) = delete;

  HttpPool& pool(const io::Address& address);
  /// Closes all connections; what is under way fails.
  void close(const Error& why);
  /// For the end, when the shard no longer turns.
  void stop();

  io::Shard& shard;
  const HttpClientOptions options;
  HttpClientCounts<Gauge> counts;
  RunningTasks uploads;

 private:
  std::map<std::string, std::unique_ptr<HttpPool>> pools_;
};

}  // namespace sofa::net
