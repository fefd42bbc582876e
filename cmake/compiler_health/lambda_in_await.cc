// A temporary lambda with captures inside the awaited expression: g++ 12 destroys its captures twice.
#include "task.h"

using health::Probe;
using health::Task;

template <class F>
static Task<int> call(F f) {
  co_return f();
}

static Task<int> outer() {
  Probe probe(7);
  co_return co_await call([probe] { return probe.value(); });
}

int main() {
  return health::verdict(outer().run(), 7);
}
