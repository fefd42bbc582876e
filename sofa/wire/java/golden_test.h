// The jar that the tests read, and bytes with small damages.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "sofa/base/bytes.h"

namespace sofa::java {

/// The facade of the peers' bank, compiled by javac 17 for Java 8: tests/golden/README.md.
inline Bytes bank_jar() {
  std::ifstream file(SOFA_SOURCE_DIR "/tests/golden/java/bank-facade.jar", std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

}  // namespace sofa::java
