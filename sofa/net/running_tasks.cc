#include "sofa/net/running_tasks.h"

#include <utility>

namespace sofa::net {

struct RunningTasks::Node : detail::Completion, io::Pooled {
  Node(RunningTasks& owner, Task<void> work, ContextPtr ctx)
      : Completion([](Completion& self) noexcept { delete &static_cast<Node&>(self); }),
        tasks(owner),
        context(std::move(ctx)),
        task(std::move(work)),
        next(owner.first_),
        at(&owner.first_) {
    if (next) next->at = &next;
    *at = this;
    ++tasks.size_;
  }
  ~Node() {
    *at = next;
    if (next) next->at = at;
    --tasks.size_;
  }

  RunningTasks& tasks;
  ContextPtr context;  // outlives the task
  Task<void> task;
  Node* next;
  Node** at;
};

void RunningTasks::start(Task<void> task, ContextPtr context) {
  auto* node = new Node(*this, std::move(task), std::move(context));
  if (sofa::start(node->task, node->context.get()) || !notify(node->task, *node)) delete node;
}

void RunningTasks::clear() {
  while (first_) delete first_;
}

}  // namespace sofa::net
