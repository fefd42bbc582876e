// HttpDate: the text of a Date field (RFC 9110, 5.6.7), made anew once a second. One shard's thread.
#pragma once

#include <string_view>

#include "sofa/base/chrono.h"

namespace sofa::net {

class HttpDate {
 public:
  /// `Sun, 06 Nov 1994 08:49:37 GMT`; valid until the next call.
  std::string_view text(std::chrono::sys_time<std::chrono::milliseconds> now);

 private:
  std::chrono::sys_seconds second_{std::chrono::seconds(-1)};
  char text_[30] = {};
};

}  // namespace sofa::net
