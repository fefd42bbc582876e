// ModuleContext: a module's place in its host. All that a Context is, shared with the other modules, and what the
// module has of its own: settings, tasks, contributions, memory, a log.
//
//   sofa::Task<void> start(sofa::ModuleContext& context) override {
//     limit_ = context.setting<std::int64_t>("limit");
//     context.publish<AccountService>(std::make_shared<Accounts>(limit_));
//     context.spawn(refresh_rates(…));                    // cancelled and awaited before the module goes
//     co_return;
//   }
//
// Ownership: the host's; it goes after the module object. Threads: as Context; settings from any. Errors: as Context,
// BootError::kManifest for a setting that module.yaml does not name.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sofa/base/log_setup.h"
#include "sofa/boot/extension_point.h"
#include "sofa/boot/manifest.h"
#include "sofa/boot/task_group.h"
#include "sofa/rpc/context.h"

namespace sofa {
namespace boot {

using Setting = std::variant<std::string, std::int64_t, double, bool>;
using Settings = std::map<std::string, Setting, std::less<>>;

/// What `given` says, by the manifest's keys, or their defaults. Errors: all that is missing, unknown or of another
/// type; `where` is what they call the section.
Result<Settings> read_settings(const Manifest& manifest, const std::map<std::string, std::string>& given,
                               std::string_view where);

/// Counts what is allocated through it, for a module that uses it.
class CountedMemory final : public std::pmr::memory_resource {
 public:
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override;
  void do_deallocate(void* at, std::size_t size, std::size_t alignment) override;
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  std::atomic<std::size_t> bytes_{0};
};

class ModuleInstance;
class ProcessModule;

}  // namespace boot

class ModuleContext : public Context {
 public:
  ModuleContext(Context& host, boot::ExtensionPoints& points, const boot::Manifest& manifest, PartConfig config,
                boot::Settings settings, const std::optional<log::Config>& log);

  const std::string& name() const { return manifest_.name; }
  const std::string& version() const { return manifest_.version; }

  /// Of the module's section in the application file, or the default in module.yaml. T is the key's type there:
  /// std::string, std::int64_t, double or bool.
  template <class T>
  const T& setting(std::string_view key) const {
    if (const T* value = std::get_if<T>(&find_setting(key))) return *value;
    wrong_type(key);
  }

  /// Runs it on a shard until it ends; cancelled when the module stops, which waits for it.
  void spawn(Task<void> task) { tasks_.spawn(std::move(task)); }

  template <class T>
  boot::ExtensionPoint<T> extension_point(std::string name) {
    return boot::ExtensionPoint<T>(extensions_, std::move(name));
  }

  /// Its own log: to the file of its section, or to the process's with the module's name.
  const log::Logger& log() const { return log_; }

  /// Memory that is counted as the module's: for std::pmr containers.
  std::pmr::memory_resource& memory() { return memory_; }
  std::size_t memory_bytes() const { return memory_.bytes(); }

 private:
  friend class boot::ModuleInstance;
  friend class boot::ProcessModule;
  const boot::Setting& find_setting(std::string_view key) const;
  [[noreturn]] void wrong_type(std::string_view key) const;

  const boot::Manifest& manifest_;
  const boot::Settings settings_;
  log::Logger log_;
  boot::CountedMemory memory_;
  boot::TaskGroup tasks_;
  boot::ModuleExtensions extensions_;
};

}  // namespace sofa
