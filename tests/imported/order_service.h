#pragma once

#include "tests/golden/java/shop_facade.h"

SOFA_SERVICE_EXTERN(shop::OrderService)
