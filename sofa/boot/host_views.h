// What a running host says of itself beside its modules, as JSON: for the routes of admin.h.
//
// Threads: the container's home, where the tasks also end. Errors: none.
#pragma once

#include <string>

#include "sofa/boot/container.h"

namespace sofa::boot {

/// `{"status":"UP"}` when every module is active or in standby; else DOWN, with those that are not.
std::string readiness_json(const Container& container);
/// Each service with the version of the module that serves it.
std::string services_json(const Container& container);
/// What the application's file came to, without what is secret: settings whose names say so are `***`.
std::string config_json(const Container& container);
std::string version_json(const Container& container);
/// Each serving shard with what it counted.
Task<std::string> shards_json(Container& container);

}  // namespace sofa::boot
