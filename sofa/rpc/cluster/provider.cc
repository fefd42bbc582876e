#include "sofa/rpc/cluster/provider.h"

#include <algorithm>
#include <charconv>

namespace sofa::rpc {
namespace {

// As Java's CommonUtils.parseInt: what is no number leaves what was there.
template <class Number>
void parse_number(std::string_view text, Number& number) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error == std::errc() && end == text.data() + text.size()) number = parsed;
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

Result<void> parse_attributes(std::string_view text, Provider& provider) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (provider.attributes.size() == Provider::kMostAttributes) {
      return fail(io::IoError::kAddress, "a provider's url has more than {} attributes", Provider::kMostAttributes);
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    provider.attributes.emplace_back(pair.substr(0, equals), value);
    if (pair.substr(0, equals) == "weight") parse_number(value, provider.weight);
  }
  return {};
}

}  // namespace

std::string_view Provider::attribute(std::string_view key) const {
  const auto found = std::ranges::find(attributes, key, &std::pair<std::string, std::string>::first);
  return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

Result<Provider> parse_provider(std::string_view url) {
  if (url.size() > Provider::kMostUrlBytes) {
    return fail(io::IoError::kAddress, "a provider's url of {} bytes, more than {}", url.size(),
                Provider::kMostUrlBytes);
  }
  Provider provider;
  constexpr std::string_view kSeparator = "://";
  if (const std::size_t at = url.find(kSeparator); at != url.npos) {
    provider.protocol = lower(url.substr(0, at));
    url.remove_prefix(at + kSeparator.size());
  }
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string_view address = url.substr(0, query);
  // A path names a context of HTTP servers; unix sockets are addresses of their own.
  if (!address.starts_with("unix:")) address = address.substr(0, address.find('/'));
  SOFA_TRY(provider.address, io::Address::parse(address));
  SOFA_TRY_VOID(parse_attributes(url.substr(std::min(query + 1, url.size())), provider));
  return provider;
}

std::string provider_url(const Provider& provider) {
  std::string url = provider.protocol + "://" + provider.address.to_string();
  char separator = '?';
  for (const auto& [key, value] : provider.attributes) {
    url += separator;
    url += key;
    url += '=';
    url += value;
    separator = '&';
  }
  return url;
}

WarmUp warm_up_of(const Provider& provider) {
  std::int64_t start = 0, span = 0;
  WarmUp warm_up;
  parse_number(provider.attribute("startTime"), start);
  parse_number(provider.attribute("warmupTime"), span);
  parse_number(provider.attribute("warmupWeight"), warm_up.weight);
  // As RegistryUtils.processWarmUpWeight: all three, or none.
  if (start <= 0 || span <= 0 || warm_up.weight == 0) return {};
  warm_up.wall_end_ms = start > INT64_MAX - span ? INT64_MAX : start + span;
  return warm_up;
}

}  // namespace sofa::rpc
