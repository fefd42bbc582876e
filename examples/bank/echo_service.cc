#include "examples/bank/services.h"

SOFA_SERVICE_CODE(bank::EchoService)
