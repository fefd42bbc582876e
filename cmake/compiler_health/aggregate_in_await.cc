// An aggregate built inside the awaited expression: g++ 12 destroys its members twice.
#include "task.h"

using health::Probe;
using health::Task;

struct Request {
  Probe first;
  Probe second;
};

static Task<int> sum(Request request) {
  co_return request.first.value() + request.second.value();
}

static Task<int> outer() {
  int named = co_await sum(Request{Probe(1), Probe(2)});
  int designated = co_await sum({.first = Probe(3), .second = Probe(4)});
  co_return named + designated;
}

int main() {
  return health::verdict(outer().run(), 10);
}
