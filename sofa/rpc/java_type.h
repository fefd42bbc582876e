// Java's names of types, as methods are called by.
#pragma once

#include <string_view>

namespace sofa::rpc {

/// Whether two names mean one type: clients send an array as `[B` or `[Ljava.lang.String;` (SOFARPC's Java client), or
/// as `byte[]` or `java.lang.String[]` (others).
bool same_java_type(std::string_view a, std::string_view b);

}  // namespace sofa::rpc
