#include "sofa/boot/module_context.h"

#include <charconv>
#include <new>
#include <optional>

#include <fmt/format.h>

#include "sofa/boot/error.h"

namespace sofa {
namespace boot {
namespace {

template <class Number>
std::optional<Setting> number_of(const std::string& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Setting> parse(ConfigKey::Type type, const std::string& text) {
  switch (type) {
    case ConfigKey::Type::kText:
      return text;
    case ConfigKey::Type::kInteger:
      return number_of<std::int64_t>(text);
    case ConfigKey::Type::kReal:
      return number_of<double>(text);
    case ConfigKey::Type::kBool:
      if (text != "true" && text != "false") return std::nullopt;
      return text == "true";
  }
  return std::nullopt;
}

std::string_view name_of(ConfigKey::Type type) {
  for (const auto& [name, value] : config_names(type)) {
    if (value == type) return name;
  }
  return "?";
}

}  // namespace

Result<Settings> read_settings(const Manifest& manifest, const std::map<std::string, std::string>& given,
                               std::string_view where) {
  Settings settings;
  std::vector<std::string> problems;
  for (const auto& [key, declared] : manifest.config) {
    const auto said = given.find(key);
    const std::optional<std::string> text = said == given.end() ? declared.default_value : std::optional(said->second);
    if (!text) {
      problems.push_back(fmt::format("{}.{} is missing ({}): {}", where, key, name_of(declared.type), declared.doc));
      continue;
    }
    if (auto value = parse(declared.type, *text)) {
      settings.emplace(key, *std::move(value));
    } else {
      problems.push_back(fmt::format("{}.{} is '{}', not of type {}", where, key, *text, name_of(declared.type)));
    }
  }
  for (const auto& [key, text] : given) {
    if (!manifest.config.contains(key)) {
      std::vector<std::string_view> known;
      for (const auto& [name, unused] : manifest.config) known.push_back(name);
      problems.push_back(fmt::format("{}.{} is unknown: module.yaml of '{}' has {}", where, key, manifest.name,
                                     known.empty() ? "no keys" : fmt::format("{}", fmt::join(known, ", "))));
    }
  }
  if (!problems.empty()) return fail(BootError::kManifest, "{}", fmt::join(problems, "\n"));
  return settings;
}

void* CountedMemory::do_allocate(std::size_t size, std::size_t alignment) {
  void* at = ::operator new(size, std::align_val_t(alignment));
  bytes_.fetch_add(size, std::memory_order_relaxed);
  return at;
}

void CountedMemory::do_deallocate(void* at, std::size_t size, std::size_t alignment) {
  bytes_.fetch_sub(size, std::memory_order_relaxed);
  ::operator delete(at, size, std::align_val_t(alignment));
}

}  // namespace boot

ModuleContext::ModuleContext(Context& host, boot::ExtensionPoints& points, const boot::Manifest& manifest,
                             PartConfig config, boot::Settings settings, const std::optional<log::Config>& log)
    : Context(host, std::move(config)),
      manifest_(manifest),
      settings_(std::move(settings)),
      log_(fmt::format("{}", log::kv("module", manifest.name))),
      tasks_(shards()),
      extensions_(points, manifest.name) {
  if (!log) return;
  if (const Result<void> configured = log::configure(log_, *log); !configured) configured.error().raise();
}

const boot::Setting& ModuleContext::find_setting(std::string_view key) const {
  const auto found = settings_.find(key);
  if (found != settings_.end()) return found->second;
  throw Error(boot::BootError::kManifest,
              fmt::format("module '{}' asks for a setting '{}' that its module.yaml does not name", name(), key));
}

void ModuleContext::wrong_type(std::string_view key) const {
  throw Error(boot::BootError::kManifest,
              fmt::format("module '{}' asks for its setting '{}' as another type than module.yaml says", name(), key));
}

}  // namespace sofa
