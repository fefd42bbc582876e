// Which modules can start, and after which others.
//
//   SOFA_TRY(std::vector<std::size_t> order, resolve(manifests, elsewhere));    // indices, requirements first
//
// Pure. Errors: BootError::kUnresolved with every missing requirement, every name that is there twice and every cycle,
// each in full.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "sofa/boot/manifest.h"

namespace sofa::boot {

/// `elsewhere`: names that may be required although they are not among them.
Result<std::vector<std::size_t>> resolve(std::span<const Manifest> manifests,
                                         std::span<const std::string> elsewhere = {});

}  // namespace sofa::boot
