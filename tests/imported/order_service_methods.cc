#include "tests/imported/order_service.h"

SOFA_SERVICE_CODE_METHODS(shop::OrderService)
