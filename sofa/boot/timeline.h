// The timeline of a start: stage, module and step, when each began and how long it took; as JSON, and as a page of its
// own that needs nothing else.
//
//   std::string page = timeline_html("bank", container.modules());
//
// Pure. Times count from the first step of the first module.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sofa/boot/container.h"

namespace sofa::boot {

std::string timeline_json(std::span<const ModuleInfo> modules);
std::string timeline_html(std::string_view app, std::span<const ModuleInfo> modules);

}  // namespace sofa::boot
