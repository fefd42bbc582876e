// The golden bytes of tests/golden/hessian and their manifest, for this folder's tests.
#pragma once

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
nlohmann::json parse_with_lone_surrogates(std::string text);

Bytes golden_bytes(const std::string& file);
const std::vector<GoldenEntry>& golden_manifest();

}  // namespace sofa::hessian
