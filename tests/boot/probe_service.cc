#include "tests/boot/probe_service.h"

SOFA_SERVICE_CODE(probe::ProbeService)
