#include "tests/interop/cpp_imported_services.h"

SOFA_SERVICE_CODE_METHODS(imported::AccountService)
SOFA_SERVICE_CODE_METHODS(imported::EchoService)
