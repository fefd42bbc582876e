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

void PromiseBase::set_root(CallContext* context) {
  kept_ = context ? ContextPtr(context) : CallContext::make();
  context_ = kept_.get();
}

void PromiseBase::detach() {
  root_.store(kDetached, std::memory_order_relaxed);
}

bool PromiseBase::notify(Completion& completion) {
  completion.home = io::Shard::current();
  std::uintptr_t running = kRunning;
  return root_.compare_exchange_strong(running, reinterpret_cast<std::uintptr_t>(&completion),
                                       std::memory_order_acq_rel, std::memory_order_acquire);
}

bool PromiseBase::finish_root() noexcept {
  const std::uintptr_t before = root_.exchange(kFinished, std::memory_order_acq_rel);
  if (before == kDetached) return true;
  if (before == kRunning) return false;
  auto& completion = *reinterpret_cast<Completion*>(before);
  if (completion.home == io::Shard::current()) {
    completion.done(completion);
  } else {
    completion.run = [](io::Mail& mail) noexcept {
      auto& self = static_cast<Completion&>(mail);
      self.done(self);
    };
    completion.home->post(completion);
  }
  return false;
}

}  // namespace detail

void start_detached(Task<void> task, CallContext* context) {
  if (!task.handle_) return;
  auto handle = std::exchange(task.handle_, nullptr);
  handle.promise().set_root(context);
  handle.promise().detach();
  handle.resume();
}

}  // namespace sofa
