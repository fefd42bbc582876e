// The code of the bank's larger classes, for codec_golden_*_test.cc.
#include "sofa/wire/hessian/bank_types.h"

SOFA_CLASS_CODE(sofa::hessian::bank::TransferRequest)
SOFA_CLASS_CODE(sofa::hessian::bank::Leg)
SOFA_CLASS_CODE(sofa::hessian::bank::Node)
SOFA_CLASS_CODE(sofa::hessian::bank::AllTypes)
