// Two million awaits of a finished task in a loop: without a guaranteed tail call (g++ at -O0 or with ASan) the stack
// overflows and the program dies by a signal.
#include "task.h"

using health::Task;

static Task<int> one() {
  co_return 1;
}

static Task<int> outer() {
  int total = 0;
  for (int i = 0; i < 2'000'000; ++i) total += co_await one();
  co_return total;
}

int main() {
  return health::verdict(outer().run(), 2'000'000);
}
