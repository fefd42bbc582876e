// Container: the modules of one process: resolved, started in parallel by what they require, opened together, and put
// in, exchanged and taken out while the process serves.
//
//   Container container(context, options);
//   co_await container.start(modules);       // throws all that is wrong, before anything starts where it can be known
//   context.listen();                        // traffic opens last
//   …
//   co_await container.install({.file = "accounts-2.so"});              // beside the active version: standby
//   co_await container.try_out("accounts", "2.0.0", {.share = 500});    // 5 % of the calls
//   co_await container.switch_to("accounts", "2.0.0");                  // one atomic exchange a service
//   co_await container.rollback("accounts");                            // the exchange back
//   std::vector<std::string> pins = co_await container.uninstall("accounts", "2.0.0");
//   …
//   co_await container.stop();               // after traffic was closed: in the order opposite to the start
//
// Ownership: the host context outlives it. Threads: all of it on the host's first shard (`home`). The host needs one
// shard apart (ContextConfig::shards_apart): there modules' own code runs that may take long.
// Errors: BootError, naming the module and what to do; what is active stays so when an operation fails.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/boot/module_instance.h"

namespace sofa::boot {

struct ContainerOptions {
  LifeOptions life = {};
  /// Of which modules may be part (Manifest::profile).
  std::vector<std::string> profiles = {};
  /// Modules that run in another process: required ones need not be here, their services are found by configuration.
  std::vector<std::string> elsewhere = {};
  /// What fails, and what requires it, is left out; otherwise nothing starts.
  bool best_effort = false;
  /// How a module gets a process of its own; empty: none can.
  ProcessCommand process_command = {};
  /// Versions of one module that may be there at once.
  std::size_t most_versions = 8;
  /// Of the host program.
  std::string version = {};
};

/// A module version as people see it.
struct ModuleInfo {
  std::string name;
  std::string version;
  ModuleState state;
  std::vector<std::string> requires_modules;
  std::vector<Context::Published> services;
  std::vector<StateLog::Entry> log;
  std::vector<ModuleInstance::Step> steps;
  std::size_t memory_bytes;
  std::string file;
  std::map<std::string, std::string> settings;
  std::optional<ProcessInfo> process;  // nothing: it runs in its host's
};

class Container {
 public:
  Container(Context& host, ContainerOptions options);
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  ~Container();

  io::Shard& home() const { return host_.shards()[0]; }
  Context& host() const { return host_; }
  const ContainerOptions& options() const { return options_; }
  const std::string& app() const { return host_.config().app; }
  /// What callers over bindings have asked and got.
  ServerFigures figures() const { return host_.figures(); }
  std::uint64_t calls_slower_than(io::Duration limit) const { return host_.calls_slower_than(limit); }

  Task<void> start(std::vector<ModuleOptions> modules);
  Task<void> stop();

  /// Loads, starts and checks it beside what is there; its `name version`.
  Task<ModuleInfo> install(ModuleOptions module);
  /// Asks a module for its health: the active version, or the one that is named. Throws what it says.
  Task<void> check(std::string name, std::string version = {});
  Task<void> switch_to(std::string name, std::string version);
  /// Sends some calls to a version in standby, before all of them; a trial of nobody ends it.
  Task<void> try_out(std::string name, std::string version, rpc::Trial trial);
  /// To the version that was active before.
  Task<void> rollback(std::string name);
  /// What keeps it in memory; empty: its file is unmapped.
  Task<std::vector<std::string>> uninstall(std::string name, std::string version);

  std::vector<ModuleInfo> modules() const;
  std::vector<ExtensionPoints::ContributionPtr> contributions() const { return points_.contributions(); }

 private:
  using Instances = std::vector<std::unique_ptr<ModuleInstance>>;
  class Operation;
  struct Starting;

  HostPlace place() { return {host_, points_, options_.life, processes_}; }
  Task<HostView> look();
  Task<void> open_host_socket();
  Task<void> resolve_and_load(std::vector<ModuleOptions> modules);
  Task<void> start_all();
  Task<void> start_one(std::shared_ptr<Starting> starting, std::size_t index);
  Task<void> check_all();
  Task<void> give_up(std::string why);
  void leave_out_failed();
  ModuleInstance* active(std::string_view name) const;
  ModuleInstance& find(const std::string& name, const std::string& version) const;
  std::string known_versions(const std::string& name) const;
  void check_is_ready(const ModuleInstance& instance) const;
  void check_requirements(const ModuleInstance& instance) const;
  void check_not_required(const ModuleInstance& instance) const;

  Context& host_;
  const ContainerOptions options_;
  ExtensionPoints points_;
  Instances instances_;                                       // in the order of their start
  std::map<std::string, ModuleOptions> sections_;             // what the application's file says, by name
  std::map<std::string, std::string, std::less<>> previous_;  // the version that was active before, by name
  std::unique_ptr<net::HttpClient> http_;
  std::shared_ptr<const ProcessHost> processes_;
  std::string host_socket_;  // where modules' processes call this one; empty: not open yet
  bool opening_ = false;
  bool busy_ = false;  // one operation at a time
};

ModuleInfo describe(const ModuleInstance& instance);

}  // namespace sofa::boot
