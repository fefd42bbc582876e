// What `sofa top` and `sofa loglevel` ask of a running process: its admin endpoint (`observe.admin` in its file).
//
//   SOFA_TRY(AdminTarget target, parse_admin_target("127.0.0.1:9464"));
//   AdminClient client(target);
//   SOFA_TRY(AdminAnswer answer, client.ask("GET", "/metrics"));
//
// Plain threads. Errors say what was asked and what to check: CliError::kInput for the target, else what the transport
// says.
#pragma once

#include <string>
#include <string_view>

#include "sofa/base/error.h"
#include "sofa/io/shard.h"
#include "sofa/net/http_client.h"

namespace sofa::cli {

struct AdminTarget {
  io::Address address;
  std::string metrics = "/metrics";
  /// `http://host:port`.
  std::string url() const;
};
/// `host:port`, `port` of this machine, or a url, whose path is then that of the figures.
Result<AdminTarget> parse_admin_target(std::string_view text);

struct AdminAnswer {
  int status = 0;
  std::string text;
};

class AdminClient {
 public:
  /// `patience`: for an answer.
  explicit AdminClient(AdminTarget target, io::Duration patience = std::chrono::seconds(5));
  ~AdminClient();

  Result<AdminAnswer> ask(std::string_view method, std::string_view path, std::string_view body = {});
  void sleep(io::Duration time);
  const AdminTarget& target() const { return target_; }
  io::TimePoint now() const { return shards_.env().clock.now(); }

 private:
  Task<AdminAnswer> send(net::HttpRequest request);

  const AdminTarget target_;
  const io::Duration patience_;
  io::Shards shards_;
  net::HttpClient client_;
};

}  // namespace sofa::cli
