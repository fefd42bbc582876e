// A host of one probe module in a process of its own, as `sofa serve` is one for an application's:
//   probe_process MODULE FILE LISTEN CTL REPORT [set KEY=VALUE] [address URL=SERVICE] [elsewhere NAME] …
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include "sofa/boot/admin.h"
#include "sofa/boot/container.h"
#include "sofa/io/posix/env.h"
#include "sofa/net/http_server.h"
#include "tests/boot/probe_service.h"

namespace probe {

void keep(std::shared_ptr<void>) {}

namespace {

using namespace std::chrono_literals;

struct Arguments {
  sofa::ContextConfig context{.app = "host", .shards_apart = 1};
  sofa::boot::ContainerOptions container;
  sofa::boot::ModuleOptions module;
  std::string listen, ctl, report;
};

Arguments read(int argc, char** argv) {
  Arguments read;
  read.module = {.file = argv[2], .isolation = sofa::boot::Isolation::kShared};
  read.listen = argv[3];
  read.ctl = argv[4];
  read.report = argv[5];
  for (int i = 6; i + 1 < argc; i += 2) {
    const std::string_view what = argv[i];
    const std::string text = argv[i + 1];
    const std::size_t equals = text.find('=');
    if (what == "set") read.module.settings.emplace(text.substr(0, equals), text.substr(equals + 1));
    if (what == "address") read.context.addresses.emplace(text.substr(equals + 1), text.substr(0, equals));
    if (what == "elsewhere") read.container.elsewhere.push_back(text);
  }
  read.container.life.checks = 4;
  read.container.life.check_interval = 1ms;
  return read;
}

int run(Arguments arguments) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  sofa::io::Disk& disk = sofa::io::posix::env().disk;
  sofa::Context context(sofa::io::posix::env(), arguments.context);
  sofa::boot::Container container(context, arguments.container);
  const auto started = sofa::wait(container.home(), container.start({arguments.module}), 30s);
  if (!started) {
    (void)sofa::boot::write_report(disk, arguments.report, {.services = {}, .failure = started.error().message()});
    return 1;
  }
  context.listen(arguments.listen);
  sofa::net::HttpRouter router;
  sofa::boot::add_module_routes(router, container);
  sofa::net::HttpServer ctl(context.shards(), router.handler());
  context.wait(ctl.start_listening({.host = arguments.ctl, .port = 0, .is_unix = true}));
  sofa::boot::ProcessReport report;
  for (const auto& module : container.modules()) {
    for (const auto& service : module.services) report.services.push_back(service.service);
  }
  (void)sofa::boot::write_report(disk, arguments.report, report);
  int signal = 0;
  sigwait(&stop, &signal);
  context.close_traffic(1s);
  (void)sofa::wait(container.home(), container.stop(), 5s);
  context.end();
  return 0;
}

}  // namespace
}  // namespace probe

int main(int argc, char** argv) {
  return argc < 6 ? 2 : probe::run(probe::read(argc, argv));
}
