// sofa decode, sofa roundtrip: what bytes say, and whether we would write the same.
#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "sofa/cli/codec_tool.h"
#include "sofa/cli/command.h"

namespace sofa::cli {
namespace {

struct Input {
  std::string kind;
  std::string file;
  bool json = false;

  void add_to(CLI::App& command) {
    std::string kinds;
    for (const CodecTool& tool : codec_tools()) kinds += fmt::format("{}{}", kinds.empty() ? "" : ",", tool.kind);
    command.add_option("KIND", kind, "what the bytes are")->required()->type_name("{" + kinds + "}");
    command.add_option("FILE", file, "a file, or - for standard input")->required();
    command.add_flag("--json", json, "errors and verdicts as JSON too");
  }
};

struct Loaded {
  const CodecTool* tool;
  Bytes bytes;
};

Result<Loaded> load(const Input& input) {
  SOFA_TRY(const CodecTool* tool, find_codec_tool(input.kind));
  SOFA_TRY(Bytes bytes, read_input(input.file));
  return Loaded{tool, std::move(bytes)};
}

int decode(const Input& input, bool typed) {
  auto loaded = load(input);
  if (!loaded) return report(loaded.error(), input.json, kUsage);
  auto text = loaded->tool->decode(loaded->bytes, typed);
  if (!text) return report(text.error(), input.json, kNo);
  print_json(*text, input.json);
  return kDone;
}

int roundtrip(const Input& input) {
  auto loaded = load(input);
  if (!loaded) return report(loaded.error(), input.json, kUsage);
  const Bytes& bytes = loaded->bytes;
  auto again = loaded->tool->roundtrip(bytes);
  if (!again) return report(again.error(), input.json, kNo);
  const auto [left, right] = std::mismatch(bytes.begin(), bytes.end(), again->begin(), again->end());
  const auto offset = left - bytes.begin();
  if (left == bytes.end() && right == again->end()) {
    fmt::print("{}\n", input.json ? fmt::format(R"({{"identical":true,"bytes":{}}})", bytes.size()) : "identical");
    return kDone;
  }
  if (input.json) {
    fmt::print("{{\"identical\":false,\"bytes\":{},\"bytes_again\":{},\"offset\":{}}}\n", bytes.size(), again->size(),
               offset);
  } else {
    fmt::print("differs at offset {} ({} bytes came, {} were written)\n", offset, bytes.size(), again->size());
  }
  return kNo;
}

}  // namespace

std::function<int()> setup_decode(CLI::App& command) {
  command.footer(
      "Examples:\n"
      "  sofa decode bolt tests/golden/bolt/0000-sofarpc-echo-client.bin\n"
      "  sofa decode hessian --typed tests/golden/hessian/0187-object-transfer.bin\n"
      "  tail -c +23 frame.bin | sofa decode hessian -");
  auto input = std::make_shared<Input>();
  auto typed = std::make_shared<bool>(false);
  input->add_to(command);
  command.add_flag("--typed", *typed, "the notation of the golden manifests: every value with its type");
  return [input, typed] { return decode(*input, *typed); };
}

std::function<int()> setup_roundtrip(CLI::App& command) {
  command.footer(
      "Prints `identical`, or the first offset that differs (exit code 1).\n\nExamples:\n"
      "  sofa roundtrip hessian tests/golden/hessian/0187-object-transfer.bin\n"
      "  sofa roundtrip bolt capture.bin --json");
  auto input = std::make_shared<Input>();
  input->add_to(command);
  return [input] { return roundtrip(*input); };
}

}  // namespace sofa::cli
