// SHA-256 of a block, as lower-case hex: for tools that print long text by its digest. Not for security.
#pragma once

#include <string>

#include "sofa/base/bytes.h"

namespace sofa::hessian {

std::string sha256_hex(BytesView bytes);

}  // namespace sofa::hessian
