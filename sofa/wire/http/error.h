// What can be wrong with the bytes of an HTTP/1.1 connection, and the status that says so to a client.
#pragma once

#include <cstdint>

#include "sofa/base/error.h"

namespace sofa::http {

enum class HttpError : std::uint8_t {
  kBadStartLine = 1,    ///< no request line or status line: most likely another protocol on this port
  kBadVersion,          ///< neither HTTP/1.0 nor HTTP/1.1
  kLineTooLong,         ///< the start line is beyond Limits::line_bytes
  kHeadTooLarge,        ///< the head, or the trailers, are beyond their limit
  kTooManyFields,       ///< more than Limits::fields
  kBareLineFeed,        ///< a line that ends with LF alone
  kFolded,              ///< a field that goes on on the next line (obs-fold)
  kBadField,            ///< no `name: value`: white space before the colon, a control character
  kBadHost,             ///< not exactly one Host where one must be, or no host in it
  kBadLength,           ///< Content-Length is no number, or there is more than one
  kLengthAndEncoding,   ///< Content-Length beside Transfer-Encoding: whoever reads one sees another message than who
                        ///< reads the other
  kUnknownEncoding,     ///< a Transfer-Encoding other than `chunked` alone, or one in HTTP/1.0
  kUnknownExpectation,  ///< an Expect other than 100-continue
  kBodyTooLarge,        ///< the body is beyond its limit
  kBadChunk,            ///< a chunk's size line or end is damaged, or beyond the limits
  kTruncated,           ///< the connection ended within a message
  kUnasked,             ///< 101 Switching Protocols, which was not asked for
  kUnwritable,          ///< a head that may not be written: a control character in a part of it
};

const ErrorPart& error_part(HttpError);

/// The status of the answer to a request with that fault.
int status_for(HttpError error);

/// An Error that says what was wrong, for logs and for the answer.
Error describe(HttpError error);

}  // namespace sofa::http
