#include "sofa/registry/zookeeper_layout.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "sofa/rpc/source_url.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;

// A registry's connect timeout of SOFARPC, times the three that its sessions get.
constexpr io::Duration kSessionTimeout = 15s;
constexpr std::size_t kMostServers = 64;
// Each byte of a url is three at the most.
constexpr std::size_t kMostNodeBytes = 3 * rpc::Provider::kMostUrlBytes;
constexpr std::string_view kUniqueId = "uniqueId";

bool stays_as_it_is(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '*' || c == '_';
}

/// What ZooKeeper takes for a node's name.
bool is_node_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         std::ranges::all_of(name, [](char c) { return c > 0x1f && c != 0x7f && c != '/'; });
}

Result<std::string> parse_servers(std::string_view text, std::string_view url) {
  std::size_t count = 0;
  for (std::string_view left = text;;) {
    const std::size_t end = std::min(left.find(','), left.size());
    const Result<io::Address> address = io::Address::parse(left.substr(0, end));
    if (!address || address->is_unix || address->port == 0 || ++count > kMostServers) {
      return fail(io::IoError::kAddress,
                  "'{}' in '{}' is no server: the form is zookeeper://host:port[,host:port][/root]",
                  left.substr(0, end), url.substr(0, 200));
    }
    if (end == left.size()) return std::string(text);
    left.remove_prefix(end + 1);
  }
}

Result<std::string> parse_root(std::string_view text, std::string_view url) {
  std::string root = "/";
  while (!text.empty()) {
    text.remove_prefix(1);  // the slash
    const std::size_t end = std::min(text.find('/'), text.size());
    const std::string_view name = text.substr(0, end);
    text.remove_prefix(end);
    if (name.empty() && text.empty()) break;  // a slash at the end
    if (!is_node_name(name)) {
      return fail(io::IoError::kAddress, "'{}' names no root of a ZooKeeper tree: give /name[/name]",
                  url.substr(0, 200));
    }
    root.append(name).append("/");
  }
  return root;
}

std::int64_t start_time(const rpc::Provider& provider) {
  const std::string_view text = provider.attribute("startTime");
  std::int64_t time = 0;
  std::from_chars(text.data(), text.data() + text.size(), time);
  return time;
}

std::optional<rpc::Provider> provider_of(std::string_view node) {
  if (node.size() > kMostNodeBytes) return std::nullopt;
  const std::optional<std::string> url = url_decode(node);
  if (!url || url->find("://") == url->npos) return std::nullopt;
  Result<rpc::Provider> provider = rpc::parse_provider(*url);
  // A file of this machine is nothing that another may tell us to connect to.
  if (!provider || provider->address.is_unix || provider->address.port == 0) return std::nullopt;
  return std::move(*provider);
}

}  // namespace

Result<ZookeeperUrl> parse_zookeeper_url(std::string_view url) {
  SOFA_TRY(const rpc::SourceUrl parsed, rpc::parse_source_url(url));
  SOFA_TRY_VOID(parsed.only({"session_timeout_ms"}));
  const std::string_view rest = parsed.rest;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  ZookeeperUrl made;
  SOFA_TRY(made.servers, parse_servers(rest.substr(0, slash), url));
  SOFA_TRY(made.root, parse_root(rest.substr(slash), url));
  SOFA_TRY(made.session_timeout, parsed.milliseconds("session_timeout_ms", kSessionTimeout, 1s, 1h));
  return made;
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string made;
  made.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    if (stays_as_it_is(c)) {
      made += c;
    } else if (c == ' ') {
      made += '+';
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      made += '%';
      made += kDigits[byte >> 4];
      made += kDigits[byte & 15];
    }
  }
  return made;
}

std::optional<std::string> url_decode(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      made += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    std::uint8_t byte = 0;
    if (text.size() - i < 3) return std::nullopt;
    const char* digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    made += static_cast<char>(byte);
    i += 2;
  }
  return made;
}

std::string providers_path(std::string_view root, std::string_view interface) {
  return std::string(root).append("sofa-rpc/").append(interface).append("/providers");
}

Result<std::string> provider_node(const rpc::Publication& publication) {
  rpc::Provider provider = publication.provider;
  // A Java consumer takes none that does not say its unique id, be it the empty one.
  const auto id = std::ranges::find(provider.attributes, kUniqueId, &std::pair<std::string, std::string>::first);
  if (id == provider.attributes.end()) provider.attributes.emplace_back(kUniqueId, publication.key.unique_id);
  std::string node = url_encode(rpc::provider_url(provider));
  if (!provider_of(node) || !is_node_name(publication.key.interface)) {
    return fail(io::IoError::kAddress, "cannot publish {} at {}: no consumer could read that",
                publication.key.to_string(), rpc::provider_url(provider).substr(0, 200));
  }
  return node;
}

std::vector<rpc::Provider> providers_of(const std::vector<std::string>& nodes, std::string_view unique_id) {
  std::vector<rpc::Provider> all;
  for (const std::string& node : nodes) {
    std::optional<rpc::Provider> provider = provider_of(node);
    if (provider && provider->attribute(kUniqueId) == unique_id) all.push_back(std::move(*provider));
  }
  const auto place = [](const rpc::Provider& each) {
    return std::tie(each.protocol, each.address.host, each.address.port);
  };
  // ZooKeeper gives them in any order: that is no change.
  std::ranges::sort(all, [&](const rpc::Provider& a, const rpc::Provider& b) {
    if (place(a) != place(b)) return place(a) < place(b);
    return start_time(a) != start_time(b) ? start_time(a) > start_time(b) : a.attributes < b.attributes;
  });
  const auto again = std::ranges::unique(all, {}, place);
  all.erase(again.begin(), again.end());
  return all;
}

}  // namespace sofa::registry
