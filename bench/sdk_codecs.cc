// The code of sdk_service.h's service, compiled once for all units that use it.
#include "bench/sdk_service.h"

SOFA_SERVICE_CODE(shop::OrderService)
