// sofa serve: runs an application until it is told to stop.
#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "sofa/base/log_setup.h"
#include "sofa/cli/application_host.h"
#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/cli/live_view.h"
#include "sofa/cli/module_process.h"
#include "sofa/cli/stop_signals.h"
#include "sofa/io/posix/env.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/context_config.h"

namespace sofa::cli {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> listen;
  std::string registry;
  std::string admin;
  std::string ctl;
  std::uint32_t shards = 0;
  std::string grace = "20s";
  bool quiet = false;
  bool json = false;
  ModuleProcess process;
};

struct Plan {
  rpc::ApplicationFile file;
  io::Duration grace;
};

Result<Plan> plan(const Options& options) {
  SOFA_TRY(const Bytes bytes, read_input(options.file));
  SOFA_TRY(rpc::ApplicationFile file,
           rpc::load_application({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, options.file));
  if (!file.application.empty()) SOFA_TRY_VOID(find_application(file.application));
  SOFA_TRY(const io::Duration grace, parse_duration(options.grace));
  if (!options.listen.empty()) file.context.listen = options.listen;
  if (!options.registry.empty()) file.context.registry = options.registry;
  if (!options.admin.empty()) file.context.observe.admin = options.admin;
  if (!options.ctl.empty()) file.ctl = options.ctl;
  if (options.shards > 0) file.context.shards = options.shards;
  if (options.process.is_one()) SOFA_TRY_VOID(options.process.reduce(file));
  if (file.context.listen.empty()) {
    return fail(CliError::kInput, "{} listens nowhere: give it `listen: [bolt://host:port]`, or use --listen",
                options.file);
  }
  return Plan{std::move(file), grace};
}

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

void watch(Context& context, StopSignals& signals, bool live) {
  if (!live) return signals.wait();
  for (Sample before = sample(context); !signals.wait_a_second();) {
    const Sample now = sample(context);
    fmt::print(stderr, "\r\x1b[K{}", describe(before, now));
    std::fflush(stderr);
    before = now;
  }
  fmt::print(stderr, "\n");
}

int serve(const Options& options) {
  auto planned = plan(options);
  if (!planned) {
    if (options.process.is_one()) options.process.report_failure(planned.error());
    return report(planned.error(), options.json, kUsage);
  }
  StopSignals signals;  // before the shards' threads are made
  try {
    if (auto configured = log::configure(planned->file.log); !configured) configured.error().raise();
    HostOptions host_options{.folder = folder_of(options.file)};
    if (!options.process.is_one()) {
      host_options.process_command = command_for(options.file, planned->file.context.registry);
    }
    ApplicationHost host(io::posix::env(), std::move(planned->file), std::move(host_options));
    Context& context = host.context();
    const std::vector<io::Address> addresses = host.start();
    fmt::print("READY port={}", addresses.front().port);
    for (const io::Address& address : addresses) fmt::print(" bolt://{}", address.to_string());
    if (const auto* telemetry = context.telemetry(); telemetry && telemetry->admin()) {
      fmt::print(" admin=http://{}", telemetry->admin()->to_string());
    }
    fmt::print("\n");
    std::fflush(stdout);
    if (options.process.is_one()) options.process.report_services(*host.modules());
    watch(context, signals, !options.quiet && isatty(STDERR_FILENO));
    signals.release();
    if (!options.quiet) fmt::print(stderr, "stopping: answering what is under way; a second signal ends at once\n");
    host.stop(planned->grace);
    return kDone;
  } catch (const Error& error) {
    if (options.process.is_one()) options.process.report_failure(error);
    return report(error, options.json, kTransport);
  }
}

}  // namespace

std::function<int()> setup_serve(CLI::App& command) {
  std::string names;
  for (const Application& application : applications()) {
    names += fmt::format("  {:8}{}\n", application.name, application.what);
  }
  command.footer(
      "Prints `READY port=N …` once it serves. SIGTERM or SIGINT: takes no new connections, answers what is under "
      "way,\n"
      "then ends with exit code 0; a second signal ends at once. Options win over the file.\n\n"
      "Applications in this binary:\n" +
      names +
      "\nExamples:\n"
      "  sofa serve examples/bank/bank.yaml\n"
      "  sofa serve examples/bank/bank.yaml --listen bolt://0.0.0.0:0 --shards 2 --quiet");
  auto options = std::make_shared<Options>();
  command.add_option("FILE", options->file, "the application's YAML file; `sofa config docs` has its keys")->required();
  command.add_option("--listen", options->listen, "bolt://host:port instead of the file's; may be given again")
      ->allow_extra_args(false);
  command.add_option("--registry", options->registry, "where its services are published, instead of the file's");
  command.add_option("--admin", options->admin, "host:port of the admin endpoint, instead of the file's");
  command.add_option("--ctl", options->ctl, "the unix socket that `sofa ctl` asks, instead of the file's");
  command.add_option("--shards", options->shards, "threads that serve connections")->check(CLI::Range(1, 256));
  command.add_option("--grace", options->grace, "how long a stop may take")->capture_default_str();
  command.add_flag("--quiet", options->quiet, "no live figures");
  command.add_flag("--json", options->json, "errors as JSON");
  add_options(command, options->process);
  return [options] { return serve(*options); };
}

}  // namespace sofa::cli
