// The one header of an application: services, values, calls.
#pragma once

#include "sofa/base/bytes.h"
#include "sofa/base/date.h"
#include "sofa/base/decimal.h"
#include "sofa/base/error.h"
#include "sofa/io/async.h"
#include "sofa/io/gate.h"
#include "sofa/io/task.h"
#include "sofa/rpc/context.h"
#include "sofa/wire/hessian/codec.h"
#include "sofa/wire/hessian/containers.h"
#include "sofa/wire/hessian/jdk.h"
#include "sofa/wire/hessian/throwable.h"
#include "sofa/wire/hessian/value.h"
