// Target: a request's target in its parts, and percent-encoding (RFC 3986).
//
//   const Target target = split_target(head.target);       // views
//   Result<std::string> path = percent_decode(target.path);
//   std::optional<std::string> name = query_value(target.query, "name");
//
// Nothing is normalized: `/a/../b` stays as it is, and `%2F` is no separator, since a path is split before it is
// decoded. Bounded by the length of the target, which the parser has limited. Threads: any. Errors: TargetError.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sofa/base/error.h"

namespace sofa::http {

enum class TargetError : std::uint8_t { kBadEncoding = 1 };
const ErrorPart& error_part(TargetError);

struct Target {
  std::string_view authority;  // of `http://host:port/path` only
  std::string_view path;       // never empty: `/` where a URL has none
  std::string_view query;      // behind the `?`
};

Target split_target(std::string_view target);

/// Refuses `%` without two hexadecimal digits, and %00, which ends a name for C functions and for nobody else.
Result<std::string> percent_decode(std::string_view text);
/// Leaves letters, digits and `-._~`, and encodes the rest.
std::string percent_encode(std::string_view text);

/// All `key=value` of a query, decoded, where `+` is a space; of a key that comes twice, the last. Refuses what is
/// damaged.
Result<std::map<std::string, std::string>> parse_query(std::string_view query);
/// The decoded value of the first `key=value` in a query, where `+` is a space; nothing when there is none, or when it
/// is damaged.
std::optional<std::string> query_value(std::string_view query, std::string_view key);

}  // namespace sofa::http
