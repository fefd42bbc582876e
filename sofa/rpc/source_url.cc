#include "sofa/rpc/source_url.h"

#include <algorithm>
#include <charconv>

namespace sofa::rpc {
namespace {
constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::size_t kMostParameters = 32;
}  // namespace

Result<SourceUrl> parse_source_url(std::string_view url) {
  constexpr std::string_view kSeparator = "://";
  const std::size_t at = url.find(kSeparator);
  if (at == url.npos || at == 0 || url.size() > kMostBytes) {
    return fail(io::IoError::kAddress, "cannot use '{}' as a source of addresses: its form is scheme://…",
                url.substr(0, 200));
  }
  SourceUrl parsed;
  parsed.scheme = url.substr(0, at);
  url.remove_prefix(at + kSeparator.size());
  const std::size_t query = std::min(url.find('?'), url.size());
  parsed.rest = url.substr(0, query);
  for (std::string_view left = url.substr(std::min(query + 1, url.size())); !left.empty();) {
    const std::size_t end = std::min(left.find('&'), left.size());
    const std::string_view pair = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    if (pair.empty()) continue;
    if (parsed.parameters.size() == kMostParameters) {
      return fail(io::IoError::kAddress, "the url of a source has more than {} parameters", kMostParameters);
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parsed.parameters.emplace_back(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
  }
  return parsed;
}

Result<io::Duration> SourceUrl::milliseconds(std::string_view key, io::Duration otherwise, io::Duration least,
                                             io::Duration most) const {
  const auto found = std::ranges::find(parameters, key, &std::pair<std::string, std::string>::first);
  if (found == parameters.end()) return otherwise;
  const std::string& text = found->second;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto in_ms = [](io::Duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
  };
  if (error != std::errc() || end != text.data() + text.size() || count < in_ms(least) || count > in_ms(most)) {
    return fail(io::IoError::kAddress, "'{}={}' in the url of a source: give milliseconds from {} to {}", key, text,
                in_ms(least), in_ms(most));
  }
  return std::chrono::milliseconds(count);
}

Result<void> SourceUrl::only(std::initializer_list<std::string_view> keys) const {
  for (const auto& [key, value] : parameters) {
    if (std::ranges::find(keys, key) != keys.end()) continue;
    std::string known;
    for (const std::string_view each : keys) known += (known.empty() ? "" : ", ") + std::string(each);
    return fail(io::IoError::kAddress, "a source {}:// has no parameter '{}'; it has: {}", scheme, key, known);
  }
  return {};
}

}  // namespace sofa::rpc
