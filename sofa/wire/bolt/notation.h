// A frame as people and tools read it: JSON, and the way back to bytes. For the command line, not for the data path.
#pragma once

#include <functional>
#include <string>

#include "sofa/base/bytes.h"
#include "sofa/base/error.h"
#include "sofa/wire/bolt/frame.h"

namespace sofa::bolt {

enum class Notation : std::uint8_t {
  kReadable,  ///< names for numbers, the header as an object
  kTyped,     ///< the notation of tests/golden/bolt/manifest.json: numbers, the header as a list of pairs
};

/// Appends the content of a frame as one JSON value to `out`, or gives false and leaves `out` as it was: then the
/// content is shown in hex. Bolt knows nothing of serializers, so who calls composes the two.
using PrintContent = std::function<bool(const FrameView& frame, std::string& out)>;

/// The frame as one JSON object on one line. `frame` is what `decode` gave, also with kBadCrc (`crc_right` tells).
/// A damaged header map shows the entries before the damage and `"header_damaged": true`.
std::string to_json(const FrameView& frame, Notation notation, const PrintContent& print_content = {});

/// Appends the frame to `out`, built anew from its parts: every header entry is read and written, all lengths and the
/// CRC are computed. The same bytes as before for every sound frame. Error: kBadHeader.
Result<void> append_again(Bytes& out, const FrameView& frame, BytesView content);

}  // namespace sofa::bolt
