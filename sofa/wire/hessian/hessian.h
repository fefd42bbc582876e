// All of the Hessian part: what a unit that defines types for the wire includes.
#pragma once

#include "sofa/wire/hessian/codec.h"
#include "sofa/wire/hessian/containers.h"
#include "sofa/wire/hessian/jdk.h"
#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/throwable.h"
#include "sofa/wire/hessian/value.h"
#include "sofa/wire/hessian/writer.h"
