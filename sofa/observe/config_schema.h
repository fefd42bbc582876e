// The schema of observe::Config. Errors: config::ConfigError.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sofa/base/config.h"
#include "sofa/observe/config.h"

namespace sofa::observe {

config::EnumNames<DigestMode> config_names(DigestMode);
const config::Schema& config_schema(const Config*);
/// What the schema cannot say: keys and what is wrong with them.
std::vector<std::pair<std::string, std::string>> problems_of(const Config& config);

}  // namespace sofa::observe
