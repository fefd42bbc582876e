#include "examples/bank/services.h"

SOFA_CLASS_CODE(bank::TransferRequest)
SOFA_CLASS_CODE(bank::TransferResult)
SOFA_CLASS_CODE(bank::Leg)
SOFA_CLASS_CODE(bank::Node)
SOFA_CLASS_CODE(bank::AllTypes)
