// posix::env(): the real environment: Linux system calls, epoll, futexes, threads, c-ares. The only place in the
// product that asks the kernel for anything.
//
// Ownership: one for the process, made at the first call, never destroyed. Threads: any.
#pragma once

#include "sofa/io/env.h"

namespace sofa::io::posix {

Env& env();

}  // namespace sofa::io::posix
