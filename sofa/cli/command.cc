#include "sofa/cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <unistd.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/json_layout.h"

namespace sofa::cli {

const ErrorPart& error_part(CliError) {
  static const ErrorPart part{"cli", [](int code) -> std::string_view {
                                static constexpr std::string_view kNames[] = {"input", "unknown-kind", "refused"};
                                return kNames[code - static_cast<int>(CliError::kInput)];
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

void print_json(std::string_view json, bool as_it_is) {
  std::string text(json);
  if (!as_it_is && isatty(STDOUT_FILENO)) text = lay_out(json);
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stdout);
}

namespace {

void append_error(std::string& out, const Error& error) {
  out += "{\"part\":";
  append_json_string(out, error.part().name);
  out += ",\"code\":";
  append_json_string(out, error.code_name());
  out += ",\"message\":";
  append_json_string(out, error.message());
  out += error.retriable() ? ",\"retriable\":true" : ",\"retriable\":false";
  if (error.cause()) {
    out += ",\"cause\":";
    append_error(out, *error.cause());
  }
  out += '}';
}

}  // namespace

int report(const Error& error, bool json, int code) {
  if (json) {
    std::string line = "{\"error\":";
    append_error(line, error);
    std::fprintf(stderr, "%s}\n", line.c_str());
  } else {
    std::fprintf(stderr, "sofa: %s\n", error.what());
  }
  return code;
}

}  // namespace sofa::cli
