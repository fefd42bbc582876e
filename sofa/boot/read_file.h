// read_file: a whole file through a Disk, at most `most` bytes of it. Errors: the disk's.
#pragma once

#include <algorithm>
#include <string>

#include "sofa/io/env.h"

namespace sofa::boot {

inline Result<Bytes> read_file(io::Disk& disk, const std::string& path, std::uint64_t most) {
  SOFA_TRY(const io::Handle file, disk.open(path, false));
  const Result<std::uint64_t> size = disk.size(file);
  Bytes bytes(size ? std::min(*size, most) : 0);
  const Result<std::size_t> got = disk.read_at(file, 0, bytes);
  disk.close(file);
  if (!size) return fail(size.error());
  if (!got) return fail(got.error());
  bytes.resize(*got);
  return bytes;
}

}  // namespace sofa::boot
