// Words that a generated header cannot use as names: C++'s keywords, macros of the headers that it includes, and what
// it names itself.
#pragma once

#include <string_view>

namespace sofa::java {

bool is_reserved(std::string_view name);

}  // namespace sofa::java
