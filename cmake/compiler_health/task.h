// The smallest Task with symmetric transfer, and a Probe that counts its lives. Nothing of the product is used here:
// these programs judge the compiler before the product is built.
#pragma once

#include <coroutine>
#include <cstdio>
#include <exception>
#include <utility>

namespace health {

// A bitwise copy that is destroyed twice shows as a count below zero.
class Probe {
 public:
  explicit Probe(int value = 0) : value_(value) { ++alive; }
  Probe(const Probe& other) : value_(other.value_) { ++alive; }
  Probe(Probe&& other) noexcept : value_(std::exchange(other.value_, 0)) { ++alive; }
  Probe& operator=(const Probe&) = default;
  ~Probe() { --alive; }
  int value() const { return value_; }

  inline static int alive = 0;

 private:
  int value_;
};

template <class T>
class Task {
 public:
  struct promise_type {
    std::coroutine_handle<> waiter = std::noop_coroutine();
    T result{};

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().waiter;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    void return_value(T value) { result = std::move(value); }
    void unhandled_exception() { std::terminate(); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) noexcept {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  T await_resume() { return std::move(handle_.promise().result); }

  // Runs to the end; nothing here ever suspends for longer than its callee runs.
  T run() {
    handle_.resume();
    return std::move(handle_.promise().result);
  }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// The exit code of a program: 0 when the value is right and every Probe died exactly once.
inline int verdict(int value, int expected) {
#ifdef SOFA_HEALTH_PLANT
  --Probe::alive;
#endif
  if (value == expected && Probe::alive == 0) return 0;
  std::printf("value %d (expected %d), objects alive at the end: %d (expected 0)\n", value, expected, Probe::alive);
  return 1;
}

}  // namespace health
