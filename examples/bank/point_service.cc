#include "examples/bank/point_service.h"

SOFA_SERVICE_CODE(bank::PointService)
