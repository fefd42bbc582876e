#include "sofa/cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "sofa/base/json_text.h"

namespace sofa::cli {

const ErrorPart& error_part(CliError) {
  static const ErrorPart part{"cli", [](int code) -> std::string_view {
                                return code == static_cast<int>(CliError::kInput) ? "input" : "unknown-kind";
                              }};
  return part;
}

Result<Bytes> read_input(const std::string& path) {
  auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  std::unique_ptr<std::FILE, decltype(close)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) return fail(CliError::kInput, "cannot open {}: {}", path, std::strerror(errno));
  Bytes bytes;
  std::uint8_t block[64 * 1024];
  while (std::size_t got = std::fread(block, 1, sizeof block, file.get())) {
    if (bytes.size() + got > kMaxInputBytes)
      return fail(CliError::kInput, "{} has more than {} bytes", path, kMaxInputBytes);
    bytes.insert(bytes.end(), block, block + got);
  }
  if (std::ferror(file.get())) return fail(CliError::kInput, "cannot read {}: {}", path, std::strerror(errno));
  return bytes;
}

int report(const Error& error, bool json, int code) {
  if (json) {
    std::string line = "{\"error\":{\"part\":";
    append_json_string(line, error.part().name);
    line += ",\"code\":";
    append_json_string(line, error.code_name());
    line += ",\"message\":";
    append_json_string(line, error.message());
    line += error.retriable() ? ",\"retriable\":true}}" : ",\"retriable\":false}}";
    std::fprintf(stderr, "%s\n", line.c_str());
  } else {
    std::fprintf(stderr, "sofa: %s\n", error.what());
  }
  return code;
}

}  // namespace sofa::cli
