// Whole files through a Disk: read at once, and replaced so that readers, and who comes after a power cut, see the old
// content or the new one. Blocking. Errors: the disk's; IoError::kLimit for a file that is too large.
#pragma once

#include <string>

#include "sofa/io/env.h"

namespace sofa::io {

Result<Bytes> read_file(Disk& disk, const std::string& path, std::uint64_t most);
/// `beside`: where it is written first, in the same folder.
Result<void> replace_file(Disk& disk, const std::string& path, const std::string& beside, BytesView bytes);

}  // namespace sofa::io
