// ApplicationHost: a running application: its context, its modules or the code of the binary, and the socket by which
// it is operated.
//
//   ApplicationHost host(env, std::move(file), "examples/bank");
//   std::vector<io::Address> at = host.start();        // throws what keeps it from serving
//   …
//   host.stop(20s);
//
// Traffic opens when all modules are ready, and closes before any of them stops. Threads: one plain thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sofa/boot/container.h"
#include "sofa/cli/application.h"
#include "sofa/net/admin_server.h"
#include "sofa/observe/health.h"
#include "sofa/rpc/context_config.h"

namespace sofa::cli {

/// Where `sofa ctl` finds the application of that name, unless its file says another place.
std::string ctl_socket_of(const std::string& app);

struct HostOptions {
  /// Where relative paths of modules begin.
  std::string folder = ".";
  /// How a module gets a process of its own.
  boot::ProcessCommand process_command = {};
};

class ApplicationHost {
 public:
  ApplicationHost(io::Env& env, rpc::ApplicationFile file, HostOptions options);
  ~ApplicationHost();

  std::vector<io::Address> start();
  void stop(io::Duration grace);
  Context& context() { return *context_; }
  boot::Container* modules() { return container_.get(); }

 private:
  static std::vector<boot::ModuleOptions> modules_of(const rpc::ApplicationFile& file, const std::string& folder);
  void open_ctl();
  void open_views();

  const std::string application_;
  const std::string ctl_;
  const std::string views_;  // host:port; empty: nowhere
  std::vector<boot::ModuleOptions> to_start_;
  const io::Duration start_timeout_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<boot::Container> container_;
  std::unique_ptr<net::HttpServer> ctl_server_;
  std::unique_ptr<net::AdminServer> views_server_;
  observe::Health::Component modules_health_;
};

}  // namespace sofa::cli
