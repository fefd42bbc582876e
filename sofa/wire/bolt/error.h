// What can be wrong with the bytes of a Bolt connection.
#pragma once

#include <cstdint>

#include "sofa/base/error.h"

namespace sofa::bolt {

enum class BoltError : std::uint8_t {
  kUnknownProtocol = 1,  ///< the first byte is neither 1 nor 2: most likely another protocol on this port
  kUnknownVersion,       ///< protocol 2 with a version other than 1 or 2
  kUnknownType,          ///< neither response nor request nor oneway
  kUnknownCommand,       ///< a command that the frame's type cannot carry
  kBadSwitch,            ///< bit 7 of the switch byte is set
  kBadLength,            ///< a negative length
  kTooLarge,             ///< a length beyond the limits
  kBadCrc,               ///< the checksum does not fit the bytes
  kBadHeader,            ///< the header map is damaged or has too many entries
};

const ErrorPart& error_part(BoltError);

}  // namespace sofa::bolt
