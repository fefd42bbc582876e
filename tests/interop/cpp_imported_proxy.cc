#include "tests/interop/cpp_imported_services.h"

SOFA_SERVICE_CODE_PROXY(imported::AccountService)
SOFA_SERVICE_CODE_PROXY(imported::EchoService)
