// The order in which kinds can be declared.
#pragma once

#include <vector>

#include "sofa/wire/java/facade.h"

namespace sofa::java {

/// Fills `order` with the kinds that are no values, each after what it uses; marks those that hold each other, which
/// then stand together, choices first.
void arrange(std::vector<Kind>& kinds, std::vector<int>& order);

}  // namespace sofa::java
