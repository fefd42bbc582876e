// A jar's files: the directory of a zip, and one file after another out of it. Nothing of a jar is ever run.
//
//   SOFA_TRY(Jar jar, Jar::open(bytes));
//   Bytes content;
//   for (const Jar::File& file : jar.files()) {
//     if (file.name.ends_with(".class")) SOFA_TRY_VOID(jar.read(file, content));
//   }
//
// Stored and deflated files are read; sizes and checksums must be what the directory says. Memory is one file's at a
// time, and what is taken out of a jar in all is bounded (Limits), however often its directory names the same bytes.
// Ownership: a Jar and its names are views of the bytes. Threads: one at a time. Format: PKWARE's APPNOTE 6.3, without
// zip64, encryption and several volumes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/wire/java/error.h"

namespace sofa::java {

struct Limits {
  std::uint32_t files = 65535;                ///< in one jar
  std::uint32_t file_bytes = 4u << 20;        ///< of one class, inflated
  std::uint32_t inflated_bytes = 512u << 20;  ///< of all classes of a jar
  std::uint32_t ratio = 200;                  ///< inflated to deflated, beyond 64 KiB
  std::uint32_t text_bytes = 256u << 20;      ///< of names and types kept of all classes
};

class Jar {
 public:
  struct File {
    std::string_view name;
    std::uint32_t offset;  ///< of its local header
    std::uint32_t packed;
    std::uint32_t size;
    std::uint32_t crc;
    std::uint16_t method;
    std::uint16_t flags;
  };

  /// Whether the bytes start as a zip does.
  static bool looks_like(BytesView bytes);
  static Result<Jar> open(BytesView bytes, const Limits& limits = {});

  const std::vector<File>& files() const { return files_; }
  /// Replaces `content` by the file's.
  Result<void> read(const File& file, Bytes& content);

 private:
  BytesView bytes_;
  Limits limits_;
  std::vector<File> files_;
  std::uint64_t inflated_ = 0;
};

}  // namespace sofa::java
