#include "sofa/boot/host_views.h"

#include <algorithm>

#include <fmt/format.h>

#include "sofa/boot/abi.h"
#include "sofa/boot/json.h"
#include "sofa/io/async.h"

namespace sofa::boot {
namespace {

using C = io::ShardCounters;
struct Described {
  std::string_view name;
  std::uint64_t C::* from;
};
constexpr Described kCounters[] = {
    {"turns", &C::turns},         {"events", &C::events},     {"mails", &C::mails},         {"reads", &C::reads},
    {"writes", &C::writes},       {"bytes_in", &C::bytes_in}, {"bytes_out", &C::bytes_out}, {"accepted", &C::accepted},
    {"connected", &C::connected}, {"closed", &C::closed},
};

std::string shard_json(io::Shard& shard) {
  std::string json = fmt::format("{{\"shard\":{},\"connections\":{},\"timers\":{}", shard.index(), shard.connections(),
                                 shard.timers().size());
  for (const Described& each : kCounters) json += fmt::format(",\"{}\":{}", each.name, shard.counters().*each.from);
  return json + "}";
}

bool is_secret(std::string_view key) {
  constexpr std::string_view kSigns[] = {"password", "passwd", "secret", "token", "credential", "private_key"};
  std::string lower(key);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c; });
  return std::ranges::any_of(kSigns, [&](std::string_view sign) { return lower.find(sign) != lower.npos; });
}

std::string settings_json(const std::map<std::string, std::string>& settings) {
  std::string json = "{";
  for (const auto& [key, value] : settings) {
    json += fmt::format("{}{}:{}", json.size() > 1 ? "," : "", quoted(key), quoted(is_secret(key) ? "***" : value));
  }
  return json + "}";
}

bool is_well(ModuleState state) {
  return state == ModuleState::kActive || state == ModuleState::kStandby || state == ModuleState::kTrial ||
         state == ModuleState::kDraining;
}

}  // namespace

std::string readiness_json(const Container& container) {
  std::vector<ModuleInfo> modules = container.modules();
  std::erase_if(modules, [](const ModuleInfo& module) { return is_well(module.state); });
  return fmt::format("{{\"status\":\"{}\",\"not_ready\":{}}}", modules.empty() ? "UP" : "DOWN",
                     json_list(modules, [](const ModuleInfo& module) {
                       return fmt::format("{{\"name\":{},\"version\":{},\"state\":{}}}", quoted(module.name),
                                          quoted(module.version), quoted(to_string(module.state)));
                     }));
}

std::string services_json(const Container& container) {
  std::vector<std::string> services;
  const auto add = [&](const Context::Published& service, std::string_view module, std::string_view version) {
    services.push_back(fmt::format("{{\"service\":{},\"module\":{},\"version\":{},\"installed\":{},\"calls\":{}}}",
                                   quoted(service.service), quoted(module), quoted(version), service.installed,
                                   service.calls));
  };
  for (const Context::Published& service : container.host().published()) add(service, "", "");
  for (const ModuleInfo& module : container.modules()) {
    for (const Context::Published& service : module.services) add(service, module.name, module.version);
  }
  return json_list(services, [](const std::string& service) { return service; });
}

std::string config_json(const Container& container) {
  const ContextConfig& config = container.host().config();
  const auto text = [](const std::string& each) { return quoted(each); };
  return fmt::format(
      "{{\"app\":{},\"shards\":{},\"listen\":{},\"registry\":{},\"profiles\":{},\"elsewhere\":{},\"modules\":{}}}",
      quoted(config.app), config.shards, json_list(config.listen, text), quoted(config.registry),
      json_list(container.options().profiles, text), json_list(container.options().elsewhere, text),
      json_list(container.modules(), [](const ModuleInfo& module) {
        return fmt::format("{{\"name\":{},\"version\":{},\"isolation\":\"{}\",\"file\":{},\"config\":{}}}",
                           quoted(module.name), quoted(module.version), module.process ? "process" : "shared",
                           quoted(module.file), settings_json(module.settings));
      }));
}

std::string version_json(const Container& container) {
  return fmt::format("{{\"version\":{},\"abi\":{},\"toolchain\":{}}}", quoted(container.options().version),
                     SOFA_MODULE_ABI, quoted(SOFA_TOOLCHAIN));
}

Task<std::string> shards_json(Container& container) {
  io::Shards& shards = container.host().shards();
  std::vector<std::string> all;
  for (int i = 0; i < shards.serving(); ++i) {
    co_await switch_to(shards[i]);
    all.push_back(shard_json(shards[i]));
  }
  co_await switch_to(container.home());
  co_return json_list(all, [](const std::string& each) { return each; });
}

}  // namespace sofa::boot
