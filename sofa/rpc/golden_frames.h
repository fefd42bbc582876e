// Golden Bolt frames and their manifest, for tests.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sofa/base/bytes.h"
#include "sofa/wire/bolt/frame.h"

namespace sofa::rpc {

struct GoldenFrame {
  nlohmann::json entry;
  Bytes bytes;

  std::string file() const { return entry["file"]; }
  bool from_client() const { return entry["from"] == "client"; }
  /// Decodes the frame; the views point into `bytes`.
  bolt::FrameView view() const {
    bolt::FrameView frame;
    bolt::decode(bytes, {}, frame);
    return frame;
  }
};

inline Bytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

/// The manifest cuts long text after 600 UTF-16 units, sometimes inside a pair, which the JSON reader refuses.
inline std::string without_cut_pairs(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\ud8", at)) != std::string::npos; at += 6) {
    if (text.compare(at + 6, 3, "\\ud") != 0) text.replace(at, 6, "\\ufffd");
  }
  return text;
}

/// All frames in the manifest's order whose file name contains `part`.
inline std::vector<GoldenFrame> golden_frames(const std::string& part = "") {
  const std::string folder = SOFA_SOURCE_DIR "/tests/golden/bolt/";
  static const nlohmann::json manifest =
      nlohmann::json::parse(without_cut_pairs(std::string(as_text(read_whole(folder + "manifest.json")))));
  std::vector<GoldenFrame> frames;
  for (const auto& entry : manifest) {
    const std::string file = entry["file"];
    if (file.find(part) != std::string::npos) frames.push_back({entry, read_whole(folder + file)});
  }
  return frames;
}

}  // namespace sofa::rpc
