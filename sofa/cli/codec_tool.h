// What `sofa decode` and `sofa roundtrip` can read. A codec's tool is one row of the table in codec_tool.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/base/error.h"

namespace sofa::cli {

struct CodecTool {
  std::string_view kind;
  std::string_view what;
  /// The bytes as one JSON array, an element a value or frame; `typed`: in the notation of the golden manifests.
  Result<std::string> (*decode)(BytesView bytes, bool typed);
  /// The bytes decoded and encoded again.
  Result<Bytes> (*roundtrip)(BytesView bytes);
};

std::span<const CodecTool> codec_tools();
/// Error: CliError::kUnknownKind.
Result<const CodecTool*> find_codec_tool(std::string_view kind);

}  // namespace sofa::cli
