#include "greeter.h"

SOFA_SERVICE_CODE(Greeter)
