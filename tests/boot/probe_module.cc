// A module that does what its setting `does` says, which is mostly wrong.
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

#include "sofa/boot/module.h"
#include "tests/boot/probe_service.h"

int dependency_version();  // of the library that this build of the module has in it

namespace probe {
namespace {

using sofa::Task;

struct OnThread {
  std::string text = std::string(100, 'x');
};

/// Does not even heed that its call is cancelled.
struct Never {
  static inline std::vector<std::coroutine_handle<>> waiting;  // so that they are no leaks
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) const { waiting.push_back(waiter); }
  void await_resume() const noexcept {}
};

class Probe final : public ProbeService {
 public:
  Probe(std::string version, std::string does, sofa::rpc::Reference<ProbeService> other = {})
      : version_(std::move(version)), does_(std::move(does)), other_(std::move(other)) {}

  Task<std::string> version() override {
    if (does_ == "leaves a thread_local") {
      static thread_local OnThread on_thread;
      on_thread.text[0] = 'y';
    }
    if (does_ == "eats memory") eaten_.resize(std::size_t{1} << 30, 'x');
    if (other_) return ask_other();
    return version_ + " dependency " + std::to_string(dependency_version());
  }
  Task<std::string> later(std::int64_t ms) override {
    co_await sofa::sleep(std::chrono::milliseconds(ms));
    co_return version_;
  }
  Task<void> fail(std::int32_t code) override {
    ProbeFailure failure;
    failure.detail_message = "asked for it";
    failure.code = code;
    throw failure;
  }

 private:
  Task<std::string> ask_other() { co_return co_await other_->version() + ", for another"; }

  const std::string version_;
  const std::string does_;
  const sofa::rpc::Reference<ProbeService> other_;
  std::string eaten_;
};

class OwnName final : public Named {
 public:
  explicit OwnName(std::string name) : name_(std::move(name)) {}
  std::string name() const override { return name_; }

 private:
  const std::string name_;
};

std::atomic<bool> leave{false};

class ProbeModule final : public sofa::Module {
 public:
  ProbeModule() = default;

 private:
  Task<void> start(sofa::ModuleContext& context) override {
    does_ = context.setting<std::string>("does");
    if (does_ == "logs") context.log().info("started {}", sofa::log::kv("version", context.version()));
    if (does_ == "throws in start") throw std::runtime_error("there is no database");
    if (does_ == "hangs in start") co_await Never();
    if (does_ == "waits in start") co_await sofa::sleep(std::chrono::hours(1));
    if (does_ == "aborts in start") std::abort();
    if (does_ == "does not publish") co_return;
    if (does_ == "asks another") {
      context.publish<ProbeService>(
          std::make_shared<Probe>(context.version(), does_, context.reference<ProbeService>()), {.unique_id = "asks"});
      co_return;
    }
    auto probe = std::make_shared<Probe>(context.version(), does_);
    if (does_ == "hands out an object") keep(probe);
    context.publish<ProbeService>(std::move(probe));
    context.extension_point<Named>("probe.names")
        .contribute(std::make_shared<OwnName>(context.name() + " " + context.version()),
                    static_cast<std::int32_t>(context.setting<std::int64_t>("order")));
    if (does_ == "leaves a thread") {
      std::thread([] { leave.wait(false); }).detach();
    }
    if (does_ == "leaves a timer") context.spawn(leave_timer());
    if (does_ == "has a stubborn task") context.spawn(hang());
    context.spawn(tick());
  }
  Task<void> check(sofa::ModuleContext&) override {
    if (does_ == "is ill twice" && checks_++ < 2) throw std::runtime_error("not yet");
    if (does_ == "is ill") throw std::runtime_error("the disk is full");
    return Task<void>::ready();
  }
  Task<void> stop(sofa::ModuleContext&) override {
    if (does_ == "hangs in stop") co_await Never();
    co_return;
  }

  static Task<void> tick() {
    for (;;) co_await sofa::sleep(std::chrono::milliseconds(5));
  }
  static Task<void> hang() { co_await Never(); }
  static Task<void> leave_timer() {
    auto* timer = new sofa::io::Timer([](void*) noexcept { leave = true; }, nullptr);
    sofa::io::Shard::current()->timers().arm(*timer, sofa::io::Shard::current()->now() + std::chrono::hours(1));
    co_return;
  }

  std::string does_;
  int checks_ = 0;
};

}  // namespace
}  // namespace probe

using ProbeModule = probe::ProbeModule;
SOFA_MODULE(ProbeModule)
