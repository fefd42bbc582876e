#include "sofa/wire/hessian/golden_files.h"

#include <fstream>
#include <iterator>

namespace sofa::hessian {

nlohmann::json parse_with_lone_surrogates(std::string text) {
  const auto surrogate = [&](std::size_t at, char from, char to) {
    return at + 6 <= text.size() && text[at] == '\\' && text[at + 1] == 'u' && text[at + 2] == 'd' &&
           text[at + 3] >= from && text[at + 3] <= to;
  };
  for (std::size_t i = 0; i + 6 <= text.size(); ++i) {
    if (text[i] != '\\') continue;
    if (surrogate(i, '8', 'b') && surrogate(i + 6, 'c', 'f')) {
      i += 11;
    } else if (surrogate(i, '8', 'f')) {
      text.insert(i, 1, '\\');
      i += 6;
    } else {
      ++i;
    }
  }
  return nlohmann::json::parse(text);
}

Bytes golden_bytes(const std::string& file) {
  std::ifstream in(SOFA_SOURCE_DIR "/tests/golden/hessian/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::vector<GoldenEntry>& golden_manifest() {
  static const std::vector<GoldenEntry> entries = [] {
    std::ifstream in(SOFA_SOURCE_DIR "/tests/golden/hessian/manifest.json");
    std::vector<GoldenEntry> made;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const auto& entry : parse_with_lone_surrogates(text)) {
      made.push_back({entry["file"], entry["kind"], entry["values"], entry.value("java_reads_back", nlohmann::json()),
                      entry["values"].size()});
    }
    return made;
  }();
  return entries;
}

}  // namespace sofa::hessian
