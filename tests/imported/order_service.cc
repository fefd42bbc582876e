#include "tests/golden/java/shop_facade.h"

SOFA_SERVICE_CODE(shop::OrderService)
