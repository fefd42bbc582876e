// sofa registry: runs a registry until it is told to stop.
#include <cstdio>

#include <fmt/format.h>
#include <malloc.h>
#include <sys/stat.h>

#include "sofa/base/log.h"
#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/cli/stop_signals.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/registry/past_file.h"
#include "sofa/registry/registry_server.h"

namespace sofa::cli {
namespace {

constexpr unsigned kSecondsBetweenTrims = 5;

struct Options {
  std::string java = "0.0.0.0:9600";
  std::string http = "0.0.0.0:9603";
  std::string state;
  std::string announce;
  std::string zone = registry::RegistryOptions().zone;
  std::string data_center = registry::RegistryOptions().data_center;
  std::string idle = "45s";
  std::string recovery = "30s";
  bool json = false;
};

struct Plan {
  registry::RegistryServer::Addresses at;
  registry::RegistryOptions options;
  std::string past_file;  // empty: nothing is kept
};

Result<Plan> plan(const Options& options) {
  Plan planned;
  SOFA_TRY(planned.at.java, io::Address::parse(options.java));
  SOFA_TRY(planned.at.http, io::Address::parse(options.http));
  SOFA_TRY(planned.options.idle, parse_duration(options.idle));
  SOFA_TRY(planned.options.presence.recovery, parse_duration(options.recovery));
  planned.options.announce = options.announce;
  planned.options.zone = options.zone;
  planned.options.data_center = options.data_center;
  if (!options.state.empty()) planned.past_file = options.state + "/presence";
  return planned;
}

Task<registry::Presence::Past> past_of(registry::RegistryServer& server) {
  co_await switch_to(server.home().shard);
  co_return server.home().presence.past();
}

/// A client that does not read has little waiting for it: the newest list is told when it does.
io::ShardOptions shard_options() {
  io::ShardOptions options;
  options.connection.high_mark = 32 << 10;
  options.connection.low_mark = 8 << 10;
  return options;
}

/// Saves what the next start needs, where it has changed.
class Saving {
 public:
  Saving(const Plan& planned, io::Shards& shards, registry::RegistryServer& server)
      : planned_(planned), shards_(shards), server_(server) {}

  void save() {
    constexpr io::Duration kPatience = std::chrono::seconds(10);
    if (planned_.past_file.empty()) return;
    const Result<registry::Presence::Past> past = sofa::wait(shards_, past_of(server_), kPatience);
    if (!past || past->version == saved_) return;
    const Result<void> kept = registry::save_past(io::posix::env().disk, planned_.past_file, *past);
    if (kept) {
      saved_ = past->version;
    } else if (const auto times = troubles_.admit()) {
      log::warn("what the next start needs cannot be saved {} {}", log::kv("why", kept.error().message()),
                log::kv("times", *times));
    }
  }

 private:
  const Plan& planned_;
  io::Shards& shards_;
  registry::RegistryServer& server_;
  std::uint64_t saved_ = 0;
  log::Doubling troubles_;
};

int run(const Options& options) {
  Result<Plan> planned = plan(options);
  if (!planned) return report(planned.error(), options.json, kUsage);
  StopSignals signals;
  try {
    registry::Presence::Past past;
    if (!planned->past_file.empty()) {
      mkdir(options.state.c_str(), 0700);
      Result<registry::Presence::Past> loaded = registry::load_past(io::posix::env().disk, planned->past_file);
      if (!loaded) loaded.error().raise();
      past = *std::move(loaded);
    }
    io::Shards shards(io::posix::env(), 1, shard_options());
    registry::RegistryServer server(shards, planned->options, std::move(past));
    shards.start();
    const Result<registry::RegistryServer::Addresses> at =
        sofa::wait(shards, server.open(planned->at), std::chrono::seconds(10));
    if (!at) at.error().raise();
    fmt::print("READY port={} bolt://{} http://{}\n", at->http.port, at->java.to_string(), at->http.to_string());
    std::fflush(stdout);
    Saving saving(*planned, shards, server);
    for (unsigned seconds = 1; !signals.wait_a_second(); ++seconds) {
      saving.save();
      if (seconds % kSecondsBetweenTrims == 0) malloc_trim(0);  // what a storm has left unused
    }
    signals.release();
    (void)sofa::wait(shards, server.close(io::posix::env().clock.now() + std::chrono::seconds(1)),
                     std::chrono::seconds(5));
    shards.stop_and_join();
    return kDone;
  } catch (const Error& error) {
    return report(error, options.json, kTransport);
  }
}

}  // namespace

std::function<int()> setup_registry(CLI::App& command) {
  command.footer(
      "Serves Java's registry clients (5.2 to 6.5) and SOFARPC's `registry=sofa` at the Bolt address, and their list "
      "of\n"
      "servers and everybody else (curl, Go, Python) at the HTTP address. Prints `READY …` once it serves. With "
      "--state,\n"
      "a restart shows nobody a list that is shorter than it was.\n\n"
      "Examples:\n"
      "  sofa registry\n"
      "  sofa registry --bolt 127.0.0.1:0 --http 127.0.0.1:0 --state /var/lib/sofa/registry\n"
      "  curl -N 'http://127.0.0.1:9603/v1/watch?dataId=dev.sofa.bank.AccountService:1.0@DEFAULT&group=SOFA'");
  auto options = std::make_shared<Options>();
  command.add_option("--bolt", options->java, "host:port for registry clients")->capture_default_str();
  command.add_option("--http", options->http, "host:port for the list of servers and for HTTP clients")
      ->capture_default_str();
  command.add_option("--state", options->state, "folder for what the next start needs; empty keeps nothing");
  command.add_option("--announce", options->announce,
                     "the host by which clients reach this process, where it is not the one they ask");
  command.add_option("--zone", options->zone, "of clients that name none")->capture_default_str();
  command.add_option("--data-center", options->data_center, "the segment that lists are told to be of")
      ->capture_default_str();
  command.add_option("--idle", options->idle, "a client that says nothing for so long is gone")->capture_default_str();
  command.add_option("--recovery", options->recovery, "after a start, how long lists wait for those who are not back")
      ->capture_default_str();
  command.add_flag("--json", options->json, "errors as JSON");
  return [options] { return run(*options); };
}

}  // namespace sofa::cli
