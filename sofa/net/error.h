// What can go wrong with HTTP beyond the bytes (http::HttpError) and the connection (io::IoError).
#pragma once

#include <cstdint>

#include "sofa/base/error.h"

namespace sofa::net {

enum class NetError : std::uint8_t {
  kUrl = 1,     ///< no URL that can be asked
  kMessage,     ///< a request or response that cannot be sent: a refused header, a body of another length than it said
  kTooLarge,    ///< a body with more bytes than its reader takes
  kBusy,        ///< too many wait for a connection already
  kConnection,  ///< no connection, or it was lost before the whole answer came
};

const ErrorPart& error_part(NetError);

}  // namespace sofa::net
