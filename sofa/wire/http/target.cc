#include "sofa/wire/http/target.h"

#include <algorithm>

namespace sofa::http {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0 || (high == 0 && low == 0)) {
      return fail(TargetError::kBadEncoding, "byte {} of {} begins a percent-encoded character that is none or is %00",
                  i, text.size());
    }
    decoded.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return decoded;
}

}  // namespace

const ErrorPart& error_part(TargetError) {
  static constexpr ErrorPart kPart{"http_target", [](int) -> std::string_view { return "bad_encoding"; }};
  return kPart;
}

Target split_target(std::string_view target) {
  Target parts;
  if (target.empty() || target.front() != '/') {
    const std::size_t scheme = target.find("://");
    if (scheme != target.npos) {
      target.remove_prefix(scheme + 3);
      const std::size_t authority = std::min(target.find_first_of("/?"), target.size());
      parts.authority = target.substr(0, authority);
      target.remove_prefix(authority);
    }
  }
  const std::size_t question = target.find('?');
  parts.path = target.substr(0, question);
  if (question != target.npos) parts.query = target.substr(question + 1);
  if (parts.path.empty()) parts.path = "/";
  return parts;
}

Result<std::string> percent_decode(std::string_view text) {
  return decode(text, false);
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    const bool plain =
        (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

Result<std::map<std::string, std::string>> parse_query(std::string_view query) {
  std::map<std::string, std::string> parsed;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    SOFA_TRY(std::string key, decode(pair.substr(0, equals), true));
    SOFA_TRY(std::string value, decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), true));
    parsed.insert_or_assign(std::move(key), std::move(value));
  }
  return parsed;
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    const Result<std::string> name = decode(pair.substr(0, equals), true);
    if (!name || *name != key) continue;
    Result<std::string> value = decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (value) return *std::move(value);
    return {};
  }
  return {};
}

}  // namespace sofa::http
