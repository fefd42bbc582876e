// ProcessModule: a module that runs in a process of its own, in the place of its object in the host.
//
// The host does with it all that it does with a module: starts, checks, opens, exchanges and stops it. Its services
// stand in their slots as relays (rpc/relay.h), so callers in the host and over bindings do not see where they run.
// A process that ends is started again, after a back-off that doubles while it ends soon; until then calls fail,
// retriably, and say whose process it was and how it ended. It is killed with its host.
//
// Ownership: the ModuleInstance's. Threads: as a Module's members. Errors: BootError::kFailed with what the process
// said when it could not start.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/boot/manifest.h"
#include "sofa/boot/module.h"
#include "sofa/io/env.h"

namespace sofa::net {
class HttpClient;
}
namespace sofa::rpc {
class Relay;
}

namespace sofa::boot {

/// What a process is told that runs one module of an application.
struct ProcessStart {
  std::string module;
  std::string file;
  std::map<std::string, std::string> settings;
  /// bolt://unix:/path, where it serves its host, and the unix socket by which it is operated.
  std::string listen;
  std::string ctl;
  /// What it writes when it serves, or cannot: see ProcessReport.
  std::string report;
  /// By service: where the host has those that it may refer to.
  std::map<std::string, std::string> addresses;
  /// Modules that are in the host.
  std::vector<std::string> elsewhere;
  io::Duration grace{0};
};
/// The command line that does so: the program's path first.
using ProcessCommand = std::function<std::vector<std::string>(const ProcessStart&)>;

/// The first words of a process: the services that it serves, or why it does not.
struct ProcessReport {
  std::vector<std::string> services;
  std::string failure;
};
/// Whole or not at all: whoever looks at `path` never sees a part.
Result<void> write_report(io::Disk& disk, const std::string& path, const ProcessReport& report);
/// Nothing: there is none yet.
Result<std::optional<ProcessReport>> read_report(io::Disk& disk, const std::string& path);

/// What a process finds in its host.
struct HostView {
  std::string url;                    // where the host serves its processes
  std::vector<std::string> services;  // `interface:version[:uniqueId]`
  std::vector<std::string> modules;
};

/// What process modules have in common in one host.
struct ProcessHost {
  ProcessCommand command;
  net::HttpClient& http;
  /// Asked at each start, on any shard, and comes back there.
  std::function<Task<HostView>()> look;
};

/// How its process fares.
struct ProcessInfo {
  int id = -1;  // -1: there is none
  std::uint32_t restarts = 0;
  std::string last_end;
};

class ProcessModule final : public Module {
 public:
  struct Options {
    std::string file;  // its own copy; sockets and reports stand beside it
    std::map<std::string, std::string> settings;
    ModuleLimits limits;
    io::Duration stop_timeout{0};
    io::Duration first_back_off = std::chrono::milliseconds(100);
    io::Duration last_back_off = std::chrono::seconds(10);
    /// Who ran so long begins with the first back-off again.
    io::Duration stable = std::chrono::seconds(10);
  };
  ProcessModule(std::shared_ptr<const ProcessHost> host, Options options);
  ~ProcessModule() override;

  Task<void> start(ModuleContext& context) override;
  Task<void> check(ModuleContext& context) override;
  Task<void> stop(ModuleContext& context) override;
  /// Any thread.
  ProcessInfo info() const;

 private:
  struct Running {
    io::Processes::Id id = io::Processes::Id::kNone;
    std::string socket;  // its path, and what others begin with
    std::vector<std::string> services;
  };
  Task<Running> launch(ModuleContext& context);
  Task<std::vector<std::string>> first_words(ModuleContext& context, const Running& running);
  Task<void> watch(ModuleContext& context, Running running);
  Task<std::optional<Running>> start_again(ModuleContext& context, std::string how, io::Duration& back_off);
  void lead(const Running& running);
  void lead_nowhere(const std::string& why);
  void clean_up(ModuleContext& context, const Running& running);
  void note_end(std::string how);
  bool is_stopping() const;
  std::string whose(const ModuleContext& context) const;

  const std::shared_ptr<const ProcessHost> host_;
  const Options options_;
  io::Processes* processes_ = nullptr;  // once started
  std::vector<std::shared_ptr<rpc::Relay>> relays_;
  unsigned launches_ = 0;

  mutable std::mutex mutex_;  // what follows
  ProcessInfo info_;
  bool stopping_ = false;
  bool watching_ = false;
};

}  // namespace sofa::boot
