// A braced list as an argument of the awaited call: g++ 12 says "array used as initializer".
#include <initializer_list>
#include <vector>

#include "task.h"

using health::Probe;
using health::Task;

static Task<int> sum(std::vector<Probe> probes) {
  int total = 0;
  for (const Probe& probe : probes) total += probe.value();
  co_return total;
}

static Task<int> outer() {
  co_return co_await sum({Probe(1), Probe(2), Probe(3)});
}

int main() {
  return health::verdict(outer().run(), 6);
}
