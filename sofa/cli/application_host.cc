#include "sofa/cli/application_host.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sofa/base/log.h"
#include "sofa/boot/admin.h"
#include "sofa/cli/command.h"
#include "sofa/io/async.h"
#include "sofa/observe/telemetry.h"

namespace sofa::cli {
namespace {

/// A plain name is sought where modules are installed: beside this binary, or in its prefix.
std::string find_module(const std::string& file, const std::string& folder) {
  if (file.starts_with('/')) return file;
  const std::string beside = folder + "/" + file;
  if (file.find('/') != std::string::npos || access(beside.c_str(), R_OK) == 0) return beside;
  char self[PATH_MAX] = {};
  if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0) return beside;
  const std::string binary_folder = std::string(self).substr(0, std::string_view(self).rfind('/'));
  for (const char* place : {"/modules/", "/../lib/sofa/modules/"}) {
    const std::string found = binary_folder + place + file;
    if (access(found.c_str(), R_OK) == 0) return found;
  }
  return beside;
}

boot::ContainerOptions container_options(const rpc::ApplicationFile& file, boot::ProcessCommand process_command) {
  const rpc::ModuleLife& life = file.module_life;
  std::vector<std::string> elsewhere;
  for (const auto& [name, module] : file.modules) {
    if (module.elsewhere) elsewhere.push_back(name);
  }
  return {.life = {.start_timeout = life.start_timeout,
                   .stop_timeout = life.stop_timeout,
                   .check_timeout = life.check_timeout,
                   .checks = life.checks,
                   .check_interval = life.check_interval,
                   .drain_timeout = life.drain_timeout},
          .profiles = file.profiles,
          .elsewhere = std::move(elsewhere),
          .best_effort = life.best_effort,
          .process_command = std::move(process_command),
          .version = SOFA_VERSION};
}

ContextConfig context_config(const rpc::ApplicationFile& file) {
  ContextConfig config = file.context;
  if (!file.modules.empty()) config.shards_apart = 1;
  return config;
}

}  // namespace

// A folder of the user's own: who may connect is who may open the socket.
std::string ctl_socket_of(const std::string& app) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && *runtime) return fmt::format("{}/sofa-{}.sock", runtime, app);
  return fmt::format("/tmp/sofa-{}/{}.sock", getuid(), app);
}

ApplicationHost::ApplicationHost(io::Env& env, rpc::ApplicationFile file, HostOptions options)
    : application_(file.application),
      ctl_(file.ctl.empty() ? ctl_socket_of(file.context.app) : file.ctl),
      views_(file.ctl_http),
      to_start_(modules_of(file, options.folder)),
      start_timeout_(file.module_life.start_timeout * 10),
      context_(std::make_unique<Context>(env, context_config(file))) {
  if (to_start_.empty()) return;
  container_ =
      std::make_unique<boot::Container>(*context_, container_options(file, std::move(options.process_command)));
}

ApplicationHost::~ApplicationHost() {
  context_->end();  // what follows is destroyed when the shards no longer turn
}

std::vector<boot::ModuleOptions> ApplicationHost::modules_of(const rpc::ApplicationFile& file,
                                                             const std::string& folder) {
  std::vector<boot::ModuleOptions> modules;
  for (const auto& [name, module] : file.modules) {
    if (module.elsewhere) continue;
    boot::ModuleOptions options{
        .file = module.file, .part = module.part, .settings = module.settings, .log = module.log};
    options.file = find_module(options.file, folder);
    if (!module.isolation.empty()) options.isolation = boot::isolation_of(module.isolation);
    if (module.limits) options.limits = {module.limits->memory_mb, module.limits->cpu_percent};
    modules.push_back(std::move(options));
  }
  return modules;
}

std::vector<io::Address> ApplicationHost::start() {
  if (!container_) {
    Result<const Application*> application = find_application(application_);
    if (!application) application.error().raise();
    (*application)->publish(*context_);
    return context_->listen();
  }
  if (auto* telemetry = context_->telemetry()) modules_health_ = telemetry->health().component("modules");
  Result<void> started = sofa::wait(container_->home(), container_->start(std::move(to_start_)), start_timeout_);
  if (!started) started.error().raise();
  modules_health_.up();
  std::vector<io::Address> at = context_->listen();
  open_ctl();
  if (!views_.empty()) open_views();
  return at;
}

void ApplicationHost::open_views() {
  const io::Address address = *io::Address::parse(views_);
  net::HttpRouter router;
  boot::add_view_routes(router, *container_);
  views_server_ = std::make_unique<net::AdminServer>(context_->shards(), router);
  const io::Address at = context_->wait(views_server_->start_listening(address));
  log::info("views of the modules {}", log::kv("url", fmt::format("http://{}/modules", at.to_string())));
}

void ApplicationHost::open_ctl() {
  const std::string folder = ctl_.substr(0, ctl_.rfind('/'));
  mkdir(folder.c_str(), 0700);
  struct stat status;
  if (stat(folder.c_str(), &status) != 0 || (status.st_uid != getuid() && getuid() != 0)) {
    throw Error(CliError::kInput, fmt::format("{} is not this user's own: give `ctl` another place", folder));
  }
  unlink(ctl_.c_str());  // of a process that was killed
  net::HttpRouter router;
  boot::add_module_routes(router, *container_);
  net::HttpServerOptions options;
  options.max_connections = 32;
  ctl_server_ = std::make_unique<net::HttpServer>(context_->shards(), router.handler(), options);
  context_->wait(ctl_server_->start_listening({.host = ctl_, .port = 0, .is_unix = true}));
  chmod(ctl_.c_str(), 0600);
}

void ApplicationHost::stop(io::Duration grace) {
  modules_health_.down("stopping");
  context_->close_traffic(grace);
  if (container_) {
    const Result<void> stopped = sofa::wait(container_->home(), container_->stop(), grace + std::chrono::seconds(60));
    if (!stopped) log::warn("modules did not all stop: {}", stopped.error().message());
    unlink(ctl_.c_str());
  }
  context_->end();
}

}  // namespace sofa::cli
