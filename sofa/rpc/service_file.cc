#include <algorithm>

#include "sofa/base/json_text.h"
#include "sofa/base/utf8.h"
#include "sofa/base/yaml.h"
#include "sofa/rpc/service_lists.h"
#include "sofa/rpc/sources.h"

namespace sofa::rpc {
namespace {

tl::unexpected<Error> damaged(std::string_view path, int line, std::string_view what) {
  return fail(io::IoError::kAddress,
              "{}:{}: {}; a services file says `interface:version: [bolt://host:port, …]` for each service", path, line,
              what);
}

Result<std::vector<Provider>> parse_providers(const yaml::Node& list, std::string_view path) {
  if (list.kind != yaml::Kind::kList) return damaged(path, list.line, "not a list of urls");
  if (list.items.size() > ServiceLists::kMostProviders) return damaged(path, list.line, "too many urls");
  std::vector<Provider> providers;
  for (const yaml::Node& item : list.items) {
    if (item.kind != yaml::Kind::kScalar) return damaged(path, item.line, "not a url");
    Result<Provider> provider = parse_provider(item.text);
    if (!provider) return damaged(path, item.line, provider.error().message());
    providers.push_back(std::move(*provider));
  }
  return providers;
}

}  // namespace

bool is_service_name(std::string_view name) {
  constexpr std::size_t kMostBytes = 500;  // a key of YAML, quoted and escaped, is at most 1024 characters
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  return name.size() <= kMostBytes && std::ranges::none_of(name, is_control) && is_utf8(name);
}

Result<ServiceFile> parse_service_file(std::string_view text, std::string_view path) {
  yaml::Node root;
  yaml::Failure failure;
  if (!yaml::parse(text, root, failure)) return damaged(path, failure.line, failure.message);
  if (root.kind != yaml::Kind::kMap) return damaged(path, root.line, "no map of services");
  if (root.items.size() > ServiceLists::kMostServices) return damaged(path, root.line, "too many services");
  ServiceFile services;
  for (std::size_t i = 0; i < root.items.size(); ++i) {
    auto [name, line] = root.keys[i];
    if (name.find(':') == name.npos) name += ":1.0";
    if (!is_service_name(name)) return damaged(path, line, "the service's name is too long or has control characters");
    SOFA_TRY(auto providers, parse_providers(root.items[i], path));
    if (!services.emplace(std::move(name), std::move(providers)).second) {
      return damaged(path, line, "the service is named twice");
    }
  }
  return services;
}

std::string print_service_file(const ServiceFile& services) {
  std::string text = "{";
  const char* separator = "\n";
  for (const auto& [name, providers] : services) {
    text += std::exchange(separator, ",\n");
    text += "  ";
    append_json_string(text, name);
    text += ": [";
    for (std::size_t i = 0; i < providers.size(); ++i) {
      text += i == 0 ? "\n    " : ",\n    ";
      append_json_string(text, provider_url(providers[i]));
    }
    text += "]";
  }
  return text + "\n}\n";
}

}  // namespace sofa::rpc
