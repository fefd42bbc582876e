// Durations and rates as people type and read them.
#pragma once

#include <string>
#include <string_view>

#include "sofa/base/error.h"
#include "sofa/io/env.h"

namespace sofa::cli {

/// `250ms`, `3s`, `1.5s`, `2m`, `500us`. Error: CliError::kInput; also for 0 and beyond a day.
Result<io::Duration> parse_duration(std::string_view text);

/// 1234567 as `1,234,567`.
std::string grouped(std::uint64_t number);

}  // namespace sofa::cli
