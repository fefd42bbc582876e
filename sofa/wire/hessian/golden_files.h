// The golden bytes of tests/golden/hessian and their manifest, for this folder's tests.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sofa/base/bytes.h"

namespace sofa::hessian {

struct GoldenEntry {
  std::string file;
  std::string kind;
  nlohmann::json values;           ///< what Java wrote; null where the manifest does not show it
  nlohmann::json java_reads_back;  ///< the first value that Java reads differently; null where there is none
  std::size_t count = 0;
};

/// Parses JSON whose strings may hold escapes of lone surrogates (Java has such strings, nlohmann refuses them): those
/// escapes become the six characters that they are written with.
inline nlohmann::json parse_with_lone_surrogates(std::string text) {
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

inline Bytes golden_bytes(const std::string& file) {
  std::ifstream in(SOFA_SOURCE_DIR "/tests/golden/hessian/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline const std::vector<GoldenEntry>& golden_manifest() {
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
