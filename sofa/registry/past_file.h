// What a registry keeps of itself for its next start, in a small file: who published each datum, and which
// versions it can have given. Without it lists are right too, but a restart might show some that are not complete yet.
//
//   Presence::Past past = value_or(load_past(disk, path), {});
//   SOFA_TRY_VOID(save_past(disk, path, past));          // every second or so
//
// Blocking: not for a shard. Errors: the disk's; RegistryError::kFile for what is none.
#pragma once

#include <string>

#include "sofa/registry/presence.h"

namespace sofa::registry {

/// Nothing known where there is no file.
Result<Presence::Past> load_past(io::Disk& disk, const std::string& path);
/// Versions are kept with what may be given until the next save.
Result<void> save_past(io::Disk& disk, const std::string& path, const Presence::Past& past);

}  // namespace sofa::registry
