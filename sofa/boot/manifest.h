// Manifest: what a module says of itself, in module.yaml: its name and version, what it needs and gives.
//
//   name: transfers
//   version: 1.2.0
//   requires: [accounts]
//   provides: ["dev.sofa.bank.TransferService"]
//
//   SOFA_TRY(Manifest manifest, load_manifest(text, "transfers/module.yaml"));
//
// The names of SOFABoot's sofa-module.properties (Module-Name, Require-Module, Spring-Parent, Module-Profile) are
// accepted in their place. Errors: config::ConfigError, all problems at once with file, line and path.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/config.h"
#include "sofa/base/error.h"

namespace sofa::boot {

/// Where a module runs: in its host's process, or in one of its own behind the same interfaces.
enum class Isolation { kShared, kProcess };
config::EnumNames<Isolation> config_names(Isolation);
/// Throws BootError::kManifest where that is none.
Isolation isolation_of(std::string_view name);

/// Of a module in a process of its own; 0: none.
struct ModuleLimits {
  std::uint32_t memory_mb = 0;
  /// Of one processor: 150 is one and a half.
  std::uint32_t cpu_percent = 0;
};

/// One key of a module's section in the application file.
struct ConfigKey {
  enum class Type { kText, kInteger, kReal, kBool };
  Type type = Type::kText;
  std::string doc;
  std::optional<std::string> default_value;  // nothing: the file must say it
};
config::EnumNames<ConfigKey::Type> config_names(ConfigKey::Type);

struct Manifest {
  std::string name;
  std::string version = "1.0.0";
  /// Modules that must be open before this one starts.
  std::vector<std::string> requires_modules;
  /// Services that it publishes, by interface name; it is checked that it does.
  std::vector<std::string> provides;
  /// It is there only in these profiles of the application; `!x`: in all but x. Empty: always.
  std::vector<std::string> profile;
  Isolation isolation = Isolation::kShared;
  ModuleLimits limits;
  std::map<std::string, ConfigKey> config;

  /// Whether it belongs to an application whose active profiles these are.
  bool is_in(const std::vector<std::string>& active) const;
};

Result<Manifest> load_manifest(std::string_view text, std::string_view file);
const config::Schema& manifest_schema();

}  // namespace sofa::boot
