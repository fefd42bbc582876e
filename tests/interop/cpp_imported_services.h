#pragma once

#include "tests/golden/java/bank_facade.h"

SOFA_SERVICE_EXTERN(imported::AccountService)
SOFA_SERVICE_EXTERN(imported::EchoService)
