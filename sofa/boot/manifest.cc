#include "sofa/boot/manifest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sofa/boot/error.h"

namespace sofa::boot {

// Found by argument lookup, so they stand where their types do.
static const config::Schema& config_schema(const ModuleLimits*) {
  using L = ModuleLimits;
  static const config::Schema schema = config::schema<L>({
      config::key<&L::memory_mb>("memory_mb", "that its process may have; 0 is no limit"),
      config::key<&L::cpu_percent>("cpu_percent", "of one processor that its process may have; 0 is no limit"),
  });
  return schema;
}

static const config::Schema& config_schema(const ConfigKey*) {
  static const config::Schema schema = config::schema<ConfigKey>({
      config::key<&ConfigKey::type>("type", "text, integer, real or bool"),
      config::key<&ConfigKey::doc>("doc", "what the value does"),
      config::key<&ConfigKey::default_value>("default", "the value where the application says none"),
  });
  return schema;
}

namespace {

constexpr std::array<std::pair<std::string_view, Isolation>, 2> kIsolations{
    {{"shared", Isolation::kShared}, {"process", Isolation::kProcess}}};
constexpr std::array<std::pair<std::string_view, ConfigKey::Type>, 4> kTypes{{{"text", ConfigKey::Type::kText},
                                                                              {"integer", ConfigKey::Type::kInteger},
                                                                              {"real", ConfigKey::Type::kReal},
                                                                              {"bool", ConfigKey::Type::kBool}}};

/// The manifest as the file says it: SOFABoot's names, where they stand there, in place of ours.
struct File {
  Manifest made;
  std::optional<std::string> module_name;
  std::optional<std::string> require_module;
  std::optional<std::string> spring_parent;
  std::optional<std::string> module_profile;
};

template <auto Member>
config::Key manifest_key(std::string_view name, std::string_view doc, config::Limits limits = {}) {
  config::Key key = config::key<Member>(name, doc, limits);
  key.member = [](void* file) -> void* { return &(static_cast<File*>(file)->made.*Member); };
  return key;
}

const config::Schema& config_schema(const File*) {
  static const config::Schema schema = config::schema<File>({
      manifest_key<&Manifest::name>("name", "of the module, as others require it", {.min = 1, .max = 64}),
      manifest_key<&Manifest::version>("version", "of this build", {.min = 1, .max = 64}),
      manifest_key<&Manifest::requires_modules>("requires", "modules that must be open before this one starts",
                                                {.max = 256}),
      manifest_key<&Manifest::provides>("provides", "interfaces of the services that it publishes", {.max = 256}),
      manifest_key<&Manifest::profile>("profile", "it is there only in these profiles; !x: in all but x", {.max = 64}),
      manifest_key<&Manifest::isolation>("isolation", "shared, or process: it runs in a process of its own"),
      manifest_key<&Manifest::limits>("limits", "of a process of its own"),
      manifest_key<&Manifest::config>("config", "by key: what its section of the application file may say"),
      config::key<&File::module_name>("Module-Name", "SOFABoot's for name"),
      config::key<&File::require_module>("Require-Module", "SOFABoot's for requires: names between commas"),
      config::key<&File::spring_parent>("Spring-Parent", "SOFABoot's for one more that is required"),
      config::key<&File::module_profile>("Module-Profile", "SOFABoot's for profile: names between commas"),
  });
  return schema;
}

// `a, b;resolution:=optional` is a and b: as SOFABoot reads it.
std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, std::min(comma, text.find(';')));
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.emplace_back(name);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return names;
}

bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

// SOFABoot's file is `key=value` lines; ours is YAML.
std::string as_yaml(std::string_view text) {
  std::string yaml;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (line.starts_with("Module-") || line.starts_with("Require-") || line.starts_with("Spring-")) {
      if (equals != std::string::npos && equals < line.find(':')) {
        line = fmt::format("{}: \"{}\"", line.substr(0, equals), line.substr(equals + 1));
      }
    }
    yaml += line + '\n';
  }
  return yaml;
}

}  // namespace

config::EnumNames<Isolation> config_names(Isolation) {
  return kIsolations;
}
Isolation isolation_of(std::string_view name) {
  for (const auto& [known, isolation] : kIsolations) {
    if (known == name) return isolation;
  }
  throw Error(BootError::kManifest, fmt::format("isolation '{}' is neither shared nor process", name));
}
config::EnumNames<ConfigKey::Type> config_names(ConfigKey::Type) {
  return kTypes;
}

bool Manifest::is_in(const std::vector<std::string>& active) const {
  if (profile.empty()) return true;
  const auto is_active = [&](std::string_view name) { return std::ranges::find(active, name) != active.end(); };
  return std::ranges::any_of(profile, [&](const std::string& name) {
    return name.starts_with('!') ? !is_active(std::string_view(name).substr(1)) : is_active(name);
  });
}

Result<Manifest> load_manifest(std::string_view text, std::string_view file) {
  File read;
  std::vector<config::Problem> problems = config::read(as_yaml(text), file, read);
  Manifest& made = read.made;
  if (read.module_name) made.name = *read.module_name;
  for (const auto& names : {read.require_module, read.spring_parent}) {
    if (!names) continue;
    for (std::string& name : split_names(*names)) made.requires_modules.push_back(std::move(name));
  }
  if (read.module_profile) made.profile = split_names(*read.module_profile);
  const auto report = [&](std::string path, std::string message) {
    problems.push_back({config::ConfigError::kWrongType, std::string(file), 0, std::move(path), std::move(message)});
  };
  if (problems.empty() && made.name.empty()) report("name", "is missing: others require the module by it");
  if (!is_plain(made.name)) report("name", fmt::format("'{}' has other signs than letters, digits, - _ .", made.name));
  if (!is_plain(made.version))
    report("version", fmt::format("'{}' has other signs than letters, digits, - _ .", made.version));
  if (std::ranges::find(made.requires_modules, made.name) != made.requires_modules.end()) {
    report("requires", fmt::format("'{}' requires itself", made.name));
  }
  if (!problems.empty()) return fail(config::detail::to_error(problems));
  return std::move(made);
}

const config::Schema& manifest_schema() {
  return config_schema(static_cast<const File*>(nullptr));
}

}  // namespace sofa::boot
