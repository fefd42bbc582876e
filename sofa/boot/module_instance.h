// ModuleInstance: one version of a module in this process, from its file to the proof that nothing of it is left.
//
//   ModuleInstance instance(place, {.file = "accounts.so"});
//   co_await instance.load(); co_await instance.start(); co_await instance.check();     // in standby
//   co_await instance.open();                                                           // callers reach it
//   co_await instance.close(); co_await instance.drain(deadline);                        // and no longer
//   std::vector<std::string> pins = co_await instance.unload();                         // what keeps it in memory
//
// Thread: the host's first shard. The module's own code runs on a shard apart. Errors: BootError and what the module
// threw, with the module's name; it is broken then, and may be unloaded.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sofa/boot/abi.h"
#include "sofa/boot/manifest.h"
#include "sofa/boot/module.h"
#include "sofa/boot/module_context.h"
#include "sofa/boot/module_state.h"
#include "sofa/boot/process_module.h"

namespace sofa::boot {

struct LifeOptions {
  io::Duration load_timeout = std::chrono::seconds(30);
  io::Duration start_timeout = std::chrono::seconds(60);
  io::Duration stop_timeout = std::chrono::seconds(10);
  /// Of one check; how often a module is asked until it is healthy, and how long it has between.
  io::Duration check_timeout = std::chrono::seconds(5);
  std::uint32_t checks = 20;
  io::Duration check_interval = std::chrono::milliseconds(500);
  /// For calls under way, when a module is closed.
  io::Duration drain_timeout = std::chrono::seconds(30);
};

/// A module that an application names.
struct ModuleOptions {
  std::string file;
  /// What wins over module.yaml.
  std::optional<Isolation> isolation = {};
  std::optional<ModuleLimits> limits = {};
  /// In place of the file: code that is linked in, and the text of its module.yaml.
  const sofa_module_entry* linked = nullptr;
  std::string manifest = {};
  /// By interface, and pools, what wins over the application's; `part.name` is the module's.
  PartConfig part = {};
  /// Its section of the application file.
  std::map<std::string, std::string> settings = {};
  /// Of its own; nothing: it logs to the process's.
  std::optional<log::Config> log = {};
};

/// What modules have in common in one host.
struct HostPlace {
  Context& host;
  ExtensionPoints& points;
  const LifeOptions& life;
  /// Null: modules cannot have processes of their own.
  std::shared_ptr<const ProcessHost> processes = nullptr;
};

class ModuleInstance {
 public:
  ModuleInstance(HostPlace place, ModuleOptions options);
  ModuleInstance(const ModuleInstance&) = delete;
  ModuleInstance& operator=(const ModuleInstance&) = delete;
  ~ModuleInstance();

  /// Reads manifest and note; loads nothing.
  Task<void> read();
  /// What the application's file says of the module of this name, where its own options are silent. After `read`.
  void take_over(const ModuleOptions& section);
  Task<void> load();
  Task<void> start(io::Shard& on);
  Task<void> check();
  Task<void> ready();
  /// Callers in the process find its services, before it is opened: while no traffic is served yet.
  Task<void> place_in_process();
  /// In the place of `replaced`, where there is one: its services and contributions are exchanged for these.
  Task<void> open(ModuleInstance* replaced = nullptr);
  /// Some callers reach it, beside the active version; again to change which.
  void try_out(const rpc::Trial& trial);
  Task<void> close();
  /// Throws BootError::kTimeout with the services whose calls have not ended by `deadline`.
  Task<void> drain(io::TimePoint deadline);
  /// Stops it and takes it out of memory. What still keeps it there; empty: nothing, its file is unmapped.
  Task<std::vector<std::string>> unload();

  const ModuleOptions& options() const { return options_; }
  const Manifest& manifest() const { return manifest_; }
  const std::string& name() const { return manifest_.name; }
  const std::string& version() const { return manifest_.version; }
  ModuleState state() const { return log_.state(); }
  const StateLog& log() const { return log_; }
  std::vector<Context::Published> services() const;
  /// Nothing: it runs in this process.
  std::optional<ProcessInfo> process() const;
  std::size_t memory_bytes() const { return context_ ? context_->memory_bytes() : 0; }
  /// How long its steps took, by their names.
  struct Step {
    std::string name;
    io::TimePoint began;
    io::Duration took{0};
  };
  const std::vector<Step>& steps() const { return steps_; }
  void fail_with(const std::string& why);
  /// The copy of its file that is loaded.
  const std::string& kept_file() const { return kept_; }
  /// Where the module's own code runs once traffic is served.
  io::Shard& apart() const;

 private:
  Task<void> run(std::string step, io::Shard& on, io::Duration timeout, std::function<Task<void>()> begin);
  void note_left_behind(std::string_view step, const Error& error);
  std::string keep_file();
  /// What the options say of the manifest.
  void obey();
  void map_code();
  void make_module();
  void make_process_module();
  void destroy_module();
  void check_provides() const;
  Task<std::vector<std::string>> find_pins();
  Task<void> round();
  void enter(ModuleState state, std::string why = {});

  HostPlace place_;
  ModuleOptions options_;
  Manifest manifest_;
  StateLog log_;
  std::vector<Step> steps_;
  std::string kept_;  // the copy that is loaded
  bool has_thread_exits_ = false;
  std::string left_behind_;  // what of its code still runs where nobody can end it; empty: nothing
  void* library_ = nullptr;
  const sofa_module_entry* entry_ = nullptr;
  std::unique_ptr<ModuleContext> context_;
  Module* module_ = nullptr;
  const ProcessModule* process_ = nullptr;  // the module, where it has a process of its own
};

}  // namespace sofa::boot
