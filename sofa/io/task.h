// Task<T>: asynchronous work that gives a T or throws.
//
//   sofa::Task<int> half(int x) { co_return x / 2; }
//   sofa::Task<int> quarter(int x) { co_return co_await half(co_await half(x)); }
//   sofa::Task<int> known() { return 7; }                            // a ready value makes no coroutine frame
//   sofa::Result<int> r = co_await sofa::as_result(quarter(x));      // an Error instead of an exception
//
// Lazy: nothing runs before it is awaited or started. The CallContext is inherited at co_await. Pass parameters by
// value, and no captures in coroutine lambdas: both would dangle when the task suspends.
// Ownership: a Task owns its frame; destroying one that is suspended abandons it. Frames come from the block pool.
// Threads: a task runs on one shard (async.h has what moves it); it may be destroyed only where it runs, or before.
#pragma once

#include <atomic>
#include <cassert>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "sofa/base/error.h"
#include "sofa/io/block_pool.h"
#include "sofa/io/call_context.h"
#include "sofa/io/mailbox.h"

namespace sofa::io {
class Shard;
}

namespace sofa {

template <class T = void>
class [[nodiscard]] Task;

namespace detail {

/// The exception as an Error: itself when it is one, else IoError::kThrown carrying it.
Error error_of(std::exception_ptr thrown);

/// What a task failed with: an Error, or an exception.
class Failure {
 public:
  explicit Failure(Error error) noexcept;
  explicit Failure(std::exception_ptr thrown) noexcept;
  Failure(Failure&& other) noexcept;
  Failure& operator=(Failure&&) = delete;
  ~Failure();

  [[noreturn]] void raise();
  Error take_error();

 private:
  std::variant<Error, std::exception_ptr> what_;
};

struct Void {};

/// What a task came to: nothing yet, a value, or a failure. (By hand: a std::variant costs each unit that calls a
/// service seconds.)
template <class T>
class Outcome {
 public:
  using Stored = std::conditional_t<std::is_void_v<T>, Void, T>;

  Outcome() noexcept {}
  Outcome(Outcome&& other) noexcept { take_from(other); }
  Outcome& operator=(Outcome&& other) noexcept {
    if (this == &other) return *this;
    clear();
    take_from(other);
    return *this;
  }
  ~Outcome() { clear(); }

  template <class... A>
  void set(A&&... a) {
    clear();
    std::construct_at(&value_, std::forward<A>(a)...);
    state_ = State::kValue;
  }
  void set_failure(Failure failure) {
    clear();
    std::construct_at(&failure_, std::move(failure));
    state_ = State::kFailure;
  }

  T take() {
    if (state_ == State::kFailure) [[unlikely]]
      failure_.raise();
    assert(state_ == State::kValue);
    if constexpr (!std::is_void_v<T>) return std::move(value_);
  }
  Result<T> take_result() {
    if (state_ == State::kFailure) [[unlikely]]
      return tl::unexpected<Error>(failure_.take_error());
    assert(state_ == State::kValue);
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      return Result<T>(std::move(value_));
    }
  }

 private:
  enum class State : std::uint8_t { kEmpty, kValue, kFailure };

  void take_from(Outcome& other) noexcept {
    if (other.state_ == State::kValue) std::construct_at(&value_, std::move(other.value_));
    if (other.state_ == State::kFailure) std::construct_at(&failure_, std::move(other.failure_));
    state_ = other.state_;
  }
  void clear() noexcept {
    if (state_ == State::kValue) std::destroy_at(&value_);
    if (state_ == State::kFailure) std::destroy_at(&failure_);
    state_ = State::kEmpty;
  }

  State state_ = State::kEmpty;
  union {
    Stored value_;
    Failure failure_;
  };
};

/// Told when a started task has finished, on the shard that asked (wherever the task ended).
struct Completion : io::Mail {
  using Done = void (*)(Completion& self) noexcept;
  explicit Completion(Done what) : done(what) {}
  Done done;
  io::Shard* home = nullptr;
};

class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return io::allocate_block(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { io::free_block(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      if (self.promise().continuation_) return self.promise().continuation_;
      self.promise().finish_root();
      return std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }

  /// The context of the call that this task is part of. Set before the body runs.
  CallContext* context() const noexcept { return context_; }

  void set_parent(CallContext* context, std::coroutine_handle<> continuation) {
    context_ = context;
    continuation_ = continuation;
  }
  void set_root(CallContext* context);  // null: a context of its own
  bool finished() const { return root_.load(std::memory_order_acquire) == kFinished; }
  /// False when the task has finished already.
  bool notify(Completion& completion);

 private:
  static constexpr std::uintptr_t kRunning = 0, kFinished = 1;  // else a Completion*

  /// The frame may be gone when this returns.
  void finish_root() noexcept;

  CallContext* context_ = nullptr;
  std::coroutine_handle<> continuation_;
  std::atomic<std::uintptr_t> root_{kRunning};
  ContextPtr kept_;  // of a task that nobody awaits
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  template <class U = T>
    requires std::constructible_from<T, U&&>
  void return_value(U&& value) {
    outcome_.set(std::forward<U>(value));
  }
  void return_value(tl::unexpected<Error> error) { outcome_.set_failure(Failure(std::move(error).value())); }
  void unhandled_exception() { outcome_.set_failure(Failure(std::current_exception())); }
  Outcome<T>& outcome() { return outcome_; }

 private:
  Outcome<T> outcome_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() { outcome_.set(); }
  void unhandled_exception() { outcome_.set_failure(Failure(std::current_exception())); }
  Outcome<void>& outcome() { return outcome_; }

 private:
  Outcome<void> outcome_;
};

template <class T>
class TaskAwaiter;

}  // namespace detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using value_type = T;

  /// A task that has its value already.
  template <class U = T>
    requires(!std::is_void_v<T> && std::convertible_to<U &&, T> && !std::same_as<std::remove_cvref_t<U>, Task> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  Task(U&& value) {
    ready_.set(std::forward<U>(value));
  }
  /// A task that has failed already: `return fail(...)`.
  Task(tl::unexpected<Error> error) { ready_.set_failure(detail::Failure(std::move(error).value())); }
  static Task ready()
    requires std::is_void_v<T>
  {
    Task task;
    task.ready_.set();
    return task;
  }
  static Task failed(Error error) { return Task(tl::unexpected<Error>(std::move(error))); }

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), ready_(std::move(other.ready_)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(ready_, other.ready_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  /// Whether the outcome is there. A coroutine's is not before it was started and ran to its end.
  bool is_ready() const { return !handle_ || handle_.done(); }
  /// The value of a ready task, or throws what it failed with.
  T take() && {
    assert(is_ready());
    return outcome().take();
  }
  Result<T> take_result() && {
    assert(is_ready());
    return outcome().take_result();
  }

  auto operator co_await() && { return detail::TaskAwaiter<T>(std::move(*this), nullptr); }

 private:
  friend class detail::Promise<T>;
  template <class>
  friend class detail::TaskAwaiter;
  template <class U>
  friend bool start(Task<U>&, CallContext*);
  template <class U>
  friend bool notify(Task<U>&, detail::Completion&);

  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  detail::Outcome<T>& outcome() { return handle_ ? handle_.promise().outcome() : ready_; }

  std::coroutine_handle<promise_type> handle_;
  detail::Outcome<T> ready_;
};

namespace detail {

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// Runs a task as part of the awaiting one, in `context` or, when that is null, in the awaiting one's.
template <class T>
class TaskAwaiter {
 public:
  TaskAwaiter(Task<T> task, CallContext* context) : task_(std::move(task)), context_(context) {}
  bool await_ready() const noexcept { return task_.is_ready(); }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
    return begin(parent.promise().context(), parent);
  }
  std::coroutine_handle<> begin(CallContext* context, std::coroutine_handle<> parent) noexcept {
    task_.handle_.promise().set_parent(context_ ? context_ : context, parent);
    return task_.handle_;
  }
  T await_resume() { return task_.outcome().take(); }

 protected:
  Task<T> task_;
  CallContext* context_;
};

template <class T>
class ResultAwaiter : public TaskAwaiter<T> {
 public:
  using TaskAwaiter<T>::TaskAwaiter;
  Result<T> await_resume() { return std::move(this->task_).take_result(); }
};

struct ContextAwaiter {
  CallContext* context = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class P>
  bool await_suspend(std::coroutine_handle<P> self) noexcept {
    context = self.promise().context();
    return false;
  }
  CallContext& await_resume() const noexcept { return *context; }
};

}  // namespace detail

/// `co_await context()`: the CallContext of the running task. Does not suspend.
inline detail::ContextAwaiter context() {
  return {};
}

/// `co_await as_result(task)`: its value or its Error; an exception that is none becomes an Error carrying it.
template <class T>
auto as_result(Task<T> task) {
  return detail::ResultAwaiter<T>(std::move(task), nullptr);
}

/// `co_await in_context(task, context)`: runs it in another context, which the caller keeps alive.
template <class T>
auto in_context(Task<T> task, CallContext& context) {
  return detail::TaskAwaiter<T>(std::move(task), &context);
}

// From code that is no coroutine:
//   if (sofa::start(task, &context)) use(std::move(task).take_result());
//   else keep(task, completion) and then: if (!sofa::notify(task, completion)) it has finished meanwhile
// Both on a shard. The task must stay where it is until it has finished, or be destroyed.

/// Runs the task until it suspends or ends. True when it has finished. Without a context it gets its own.
template <class T>
bool start(Task<T>& task, CallContext* context) {
  if (!task.handle_) return true;
  task.handle_.promise().set_root(context);
  task.handle_.resume();
  return task.handle_.promise().finished();
}

/// Has `completion` told, once, when the started task ends. False, and never told, when it has finished already.
template <class T>
bool notify(Task<T>& task, detail::Completion& completion) {
  return task.handle_.promise().notify(completion);
}

/// Starts a task that owns itself. It must not throw: nobody would hear it. Where it is suspended when the shard ends
/// on which it was started, it is destroyed; wherever it ends, its frame goes on that shard.
void start_detached(Task<void> task, CallContext* context);

}  // namespace sofa
