// An await between the braces of an aggregate: g++ 12 destroys the members built so far twice.
#include "task.h"

using health::Probe;
using health::Task;

struct Pair {
  Probe first;
  Probe second;
};

static Task<Probe> make(int value) {
  co_return Probe(value);
}

static Task<int> outer() {
  Pair pair{Probe(1), co_await make(2)};
  co_return pair.first.value() + pair.second.value();
}

int main() {
  return health::verdict(outer().run(), 3);
}
