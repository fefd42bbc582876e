#include "examples/bank/transfer_service.h"

SOFA_SERVICE_CODE(bank::TransferService)
