// What a module's file says before it is loaded: a note with abi, toolchain and manifest (abi.h).
//
//   SOFA_TRY(ModuleNote note, read_module_note(bytes, "accounts.so"));
//
// Pure: bytes in. Errors: BootError::kFile, saying what is wrong with the file: loading one that is cut off would end
// the process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sofa/base/bytes.h"
#include "sofa/base/error.h"

namespace sofa::boot {

struct ModuleNote {
  std::uint32_t abi = 0;
  std::string toolchain;
  std::string manifest;  // the text of module.yaml
};

/// `file` is what messages call it.
Result<ModuleNote> read_module_note(BytesView bytes, std::string_view file);
/// Whether this host can load it; the error says what to rebuild.
Result<void> check_compatible(const ModuleNote& note, std::string_view file);

}  // namespace sofa::boot
