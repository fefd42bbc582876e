// An await in one arm of a conditional of class type: g++ 12 destroys the value of the arm twice.
#include "task.h"

using health::Probe;
using health::Task;

static Task<Probe> make(int value) {
  co_return Probe(value);
}

static Task<int> choose(bool remote) {
  Probe probe = remote ? co_await make(5) : Probe(6);
  co_return probe.value();
}

static Task<int> outer() {
  int remote = co_await choose(true);
  int local = co_await choose(false);
  co_return remote + local;
}

int main() {
  return health::verdict(outer().run(), 11);
}
