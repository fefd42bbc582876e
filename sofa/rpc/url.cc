#include "sofa/rpc/url.h"

#include "sofa/io/env.h"

namespace sofa::rpc {

Result<io::Address> parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "bolt://";
  if (!url.starts_with(kScheme)) {
    return fail(io::IoError::kAddress, "cannot use '{}': a url has the form bolt://host:port or bolt://unix:/path",
                url);
  }
  url.remove_prefix(kScheme.size());
  return io::Address::parse(url.substr(0, url.find('?')));
}

}  // namespace sofa::rpc
