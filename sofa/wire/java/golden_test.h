// The jar that the tests read, and bytes with small damages.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "sofa/base/bytes.h"

namespace sofa::java {

/// A file of tests/golden/java.
inline Bytes golden(const std::string& name) {
  std::ifstream file(SOFA_SOURCE_DIR "/tests/golden/java/" + name, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

/// The facade of the peers' bank, compiled by javac 17 for Java 8: tests/golden/README.md.
inline Bytes bank_jar() {
  return golden("bank-facade.jar");
}

}  // namespace sofa::java
