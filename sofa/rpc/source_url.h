// source_url: the urls of address sources, `scheme://rest?key=value&key=value`, read under limits.
//
// Threads: any. Errors: io::IoError::kAddress, naming the url and what is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sofa/base/error.h"
#include "sofa/io/env.h"

namespace sofa::rpc {

struct SourceUrl {
  std::string scheme;
  std::string rest;  // between `://` and `?`
  std::vector<std::pair<std::string, std::string>> parameters;

  /// The whole number of milliseconds that `key` says, in [least, most]; `otherwise` where it says nothing.
  Result<io::Duration> milliseconds(std::string_view key, io::Duration otherwise, io::Duration least,
                                    io::Duration most) const;
  /// Fails for a parameter that is none of these: a misspelt one would do nothing, silently.
  Result<void> only(std::initializer_list<std::string_view> keys) const;
};

Result<SourceUrl> parse_source_url(std::string_view url);

}  // namespace sofa::rpc
