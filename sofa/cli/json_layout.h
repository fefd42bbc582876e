// JSON for reading on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace sofa::cli {

/// `json`, which is valid and on one line, with line breaks and indents; what fits into 100 columns stays on its line.
std::string lay_out(std::string_view json);

}  // namespace sofa::cli
