#include "sofa/io/task.h"

#include <typeinfo>

#include "sofa/io/shard.h"

namespace sofa {
namespace detail {

Error error_of(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    // A class derived from Error would lose what it adds: it travels along.
    if (typeid(error) == typeid(Error) || error.thrown()) return error;
    return Error(error).carrying(std::move(thrown));
  } catch (const std::exception& other) {
    return Error(io::IoError::kThrown, other.what()).carrying(std::move(thrown));
  } catch (...) {
    return Error(io::IoError::kThrown, "an exception that is no std::exception").carrying(std::move(thrown));
  }
}

Failure::Failure(Error error) noexcept : what_(std::move(error)) {}
Failure::Failure(std::exception_ptr thrown) noexcept : what_(std::move(thrown)) {}
Failure::Failure(Failure&& other) noexcept = default;
Failure::~Failure() = default;

void Failure::raise() {
  if (const auto* error = std::get_if<Error>(&what_)) error->raise();
  std::rethrow_exception(std::get<std::exception_ptr>(what_));
}

Error Failure::take_error() {
  if (auto* error = std::get_if<Error>(&what_)) return std::move(*error);
  return error_of(std::get<std::exception_ptr>(what_));
}

void PromiseBase::set_root(CallContext* context) {
  kept_ = context ? ContextPtr(context) : CallContext::make();
  context_ = kept_.get();
}

bool PromiseBase::notify(Completion& completion) {
  completion.home = io::Shard::current();
  std::uintptr_t running = kRunning;
  return root_.compare_exchange_strong(running, reinterpret_cast<std::uintptr_t>(&completion),
                                       std::memory_order_acq_rel, std::memory_order_acquire);
}

void PromiseBase::finish_root() noexcept {
  const std::uintptr_t before = root_.exchange(kFinished, std::memory_order_acq_rel);
  if (before == kRunning) return;
  auto& completion = *reinterpret_cast<Completion*>(before);
  if (!completion.home || completion.home == io::Shard::current()) {
    completion.done(completion);
  } else {
    completion.run = [](io::Mail& mail) noexcept {
      auto& self = static_cast<Completion&>(mail);
      self.done(self);
    };
    completion.home->post(completion);
  }
}

namespace {

/// A detached task that has suspended.
struct Detached final : Completion, io::Resident, io::Pooled {
  explicit Detached(Task<void> suspended)
      : Completion([](Completion& self) noexcept { delete &static_cast<Detached&>(self); }),
        task(std::move(suspended)) {
    if (io::Shard* shard = io::Shard::current()) shard->add(*this);
  }
  void give_up() noexcept override { delete this; }

  Task<void> task;
};

}  // namespace
}  // namespace detail

void start_detached(Task<void> task, CallContext* context) {
  if (start(task, context)) return;
  auto* detached = new detail::Detached(std::move(task));
  // On another shard it may have come to its end meanwhile.
  if (!notify(detached->task, *detached)) delete detached;
}

}  // namespace sofa
