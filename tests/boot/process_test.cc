// Modules in processes of their own: that callers do not see it, what becomes of their calls when the process ends, and
// that nothing of it is left.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/log_setup.h"
#include "sofa/boot/container.h"
#include "sofa/boot/error.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/rpc/error.h"
#include "tests/boot/probe_service.h"

namespace probe {

void keep(std::shared_ptr<void>) {}

namespace {

using namespace std::chrono_literals;
using sofa::boot::Isolation;
using sofa::boot::ModuleInfo;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

sofa::boot::ModuleOptions module(std::string_view name, Isolation isolation, const std::string& does = "nothing") {
  return {.file = std::string(SOFA_MODULE_DIR) + "/" + std::string(name) + ".so",
          .isolation = isolation,
          .settings = {{"does", does}}};
}

std::vector<std::string> command(const sofa::boot::ProcessStart& start) {
  std::vector<std::string> words{SOFA_PROBE_PROCESS, start.module, start.file, start.listen, start.ctl, start.report};
  const auto add = [&](const char* what, const std::string& text) {
    words.emplace_back(what);
    words.push_back(text);
  };
  for (const auto& [key, value] : start.settings) add("set", key + "=" + value);
  for (const auto& [service, url] : start.addresses) add("address", url + "=" + service);
  for (const std::string& name : start.elsewhere) add("elsewhere", name);
  return words;
}

sofa::boot::ContainerOptions options() {
  sofa::boot::ContainerOptions made;
  made.life.start_timeout = 20s;
  made.life.stop_timeout = 10s;
  made.process_command = command;
  return made;
}

class ProcessTest : public testing::Test {
 protected:
  ProcessTest() {
    sofa::log::redirect([](sofa::log::Level, std::string_view) {});
  }
  ~ProcessTest() override {
    (void)sofa::wait(container.home(), container.stop(), 30s);
    host.stop(1s);
    sofa::log::redirect({});
  }

  template <class T>
  T at_home(sofa::Task<T> task) {
    sofa::Result<T> result = sofa::wait(container.home(), std::move(task), 60s);
    if (!result) result.error().raise();
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  void start(std::vector<sofa::boot::ModuleOptions> modules) { at_home(container.start(std::move(modules))); }
  ModuleInfo info() {
    const auto ask = [](sofa::boot::Container& of) -> sofa::Task<std::vector<ModuleInfo>> { co_return of.modules(); };
    return at_home(ask(container)).front();
  }
  pid_t process() { return info().process.value().id; }
  /// Waits until a call comes through.
  std::string answer_in_the_end() {
    for (;;) {
      auto answer = sofa::wait(host.shards(), probe->version(), 60s);
      if (answer || !answer.error().retriable()) return answer ? *answer : answer.error().message();
    }
  }

  sofa::Context host{sofa::io::posix::env(), {.app = "host", .shards = 2, .shards_apart = 1}};
  sofa::boot::Container container{host, options()};
  sofa::rpc::Reference<ProbeService> probe = host.reference<ProbeService>();
};

TEST_F(ProcessTest, IsCalledAsIfItWereHere) {
  start({module("probe_1", Isolation::kProcess)});
  EXPECT_GT(process(), 0);
  EXPECT_NE(process(), getpid());
  EXPECT_EQ(host.wait(probe->version()), "1.0.0 dependency 1");
  try {
    host.wait(probe->fail(7));
    FAIL() << "it should have thrown";
  } catch (const ProbeFailure& failure) {
    EXPECT_EQ(failure.code, 7);
  }
  EXPECT_EQ(host.wait(host.generic("test.ProbeService").invoke("version", {})).as_string(), "1.0.0 dependency 1");
  at_home(container.check("probe"));
  const pid_t id = process();
  EXPECT_THAT(at_home(container.uninstall("probe", "1.0.0")), IsEmpty());
  EXPECT_EQ(kill(id, 0), -1);
}

TEST_F(ProcessTest, IsCalledThroughItsHostsPort) {
  start({module("probe_1", Isolation::kProcess)});
  const std::string url = "bolt://" + host.listen("bolt://127.0.0.1:0").front().to_string();
  sofa::Context caller(sofa::io::posix::env(), {.app = "caller"});
  const auto remote = caller.reference<ProbeService>({.url = url});
  EXPECT_EQ(caller.wait(remote->version()), "1.0.0 dependency 1");
  EXPECT_THROW(caller.wait(remote->fail(3)), ProbeFailure);
  EXPECT_EQ(caller.wait(remote->later(5)), "1.0.0");
  caller.wait(remote.oneway()->fail(1));
  const auto late = sofa::wait(caller.shards(), remote.with({.timeout = 20ms})->later(20'000), 10s);
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().is(sofa::rpc::Code::kClientTimeout)) << late.error().message();
  EXPECT_THROW(caller.wait(caller.generic("test.ProbeService", {.url = url}).invoke("nothing", {})), sofa::Error);
}

TEST_F(ProcessTest, CallsItsHost) {
  start({module("probe_1", Isolation::kShared), module("user_1", Isolation::kProcess, "asks another")});
  const auto asks = host.reference<ProbeService>({.unique_id = "asks"});
  EXPECT_EQ(host.wait(asks->version()), "1.0.0 dependency 1, for another");
}

TEST_F(ProcessTest, ItsEndFailsCallsRetriablyAndItComesBack) {
  start({module("probe_1", Isolation::kProcess)});
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, named{0}, other{0};
  std::string wrong;
  std::thread caller([&] {
    while (!stop) {
      const auto answer = sofa::wait(host.shards(), probe->later(1), 60s);
      const bool is_named = !answer && answer.error().retriable() &&
                            answer.error().message().find("of module 'probe' 1.0.0") != std::string::npos;
      answer ? ++good : is_named ? ++named : ++other;
      if (!answer && !is_named) wrong = answer.error().message();
    }
  });
  while (good < 20) std::this_thread::yield();
  const pid_t killed = process();
  kill(killed, SIGKILL);
  EXPECT_EQ(answer_in_the_end(), "1.0.0 dependency 1");
  while (named == 0) std::this_thread::yield();
  const int before = good;
  while (good < before + 20) std::this_thread::yield();
  stop = true;
  caller.join();
  EXPECT_EQ(other, 0) << wrong;
  EXPECT_NE(process(), killed);
  EXPECT_EQ(info().process->restarts, 1U);
  EXPECT_THAT(info().process->last_end, HasSubstr("signal 9"));
}

TEST_F(ProcessTest, RollsBetweenHereAndThereWithoutAFailedCall) {
  start({module("probe_1", Isolation::kShared)});
  const std::string url = "bolt://" + host.listen("bolt://127.0.0.1:0").front().to_string();
  sofa::Context outside(sofa::io::posix::env(), {.app = "caller"});
  std::atomic<bool> stop{false};
  std::atomic<int> calls{0}, wrong{0};
  const auto call = [&](sofa::Context& from, const sofa::rpc::Reference<ProbeService>& reference) {
    while (!stop) {
      const auto answer = sofa::wait(from.shards(), reference->later(1), 60s);
      wrong += !answer || (*answer != "1.0.0" && *answer != "2.0.0");
      ++calls;
    }
  };
  std::thread here([&] { call(host, probe); });
  std::thread there([&] { call(outside, outside.reference<ProbeService>({.url = url})); });
  at_home(container.install(module("probe_2", Isolation::kProcess)));
  for (int i = 0; i < 10; ++i) {
    at_home(container.switch_to("probe", "2.0.0"));
    EXPECT_EQ(host.wait(probe->version()), "2.0.0 dependency 2");
    at_home(container.rollback("probe"));
    EXPECT_EQ(host.wait(probe->version()), "1.0.0 dependency 1");
    for (const int before = calls; calls < before + 10;) std::this_thread::yield();
  }
  at_home(container.switch_to("probe", "2.0.0"));
  EXPECT_THAT(at_home(container.uninstall("probe", "1.0.0")), IsEmpty());
  at_home(container.install(module("probe_1", Isolation::kShared)));
  at_home(container.switch_to("probe", "1.0.0"));
  EXPECT_THAT(at_home(container.uninstall("probe", "2.0.0")), IsEmpty());
  for (const int before = calls; calls < before + 10;) std::this_thread::yield();
  stop = true;
  here.join();
  there.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ProcessTest, SaysWhyItDoesNotStart) {
  const auto why = [&](sofa::boot::ModuleOptions options) {
    const auto result = sofa::wait(container.home(), container.install(std::move(options)), 60s);
    return result ? "it did" : result.error().message();
  };
  start({});
  EXPECT_THAT(why(module("probe_1", Isolation::kProcess, "throws in start")),
              AllOf(HasSubstr("module 'probe' 1.0.0"), HasSubstr("there is no database")));
  EXPECT_THAT(why(module("probe_1", Isolation::kProcess, "aborts in start")), HasSubstr("signal 6"));
}

bool may_make_control_groups() {
  for (const std::string root : {"/sys/fs/cgroup/memory", "/sys/fs/cgroup"}) {
    const std::string group = root + "/sofa-test-" + std::to_string(getpid());
    std::error_code error;
    if (!std::filesystem::create_directory(group, error)) continue;
    const bool has_memory =
        std::filesystem::exists(group + "/memory.max") || std::filesystem::exists(group + "/memory.limit_in_bytes");
    std::filesystem::remove(group, error);
    if (has_memory) return true;
  }
  return false;
}

TEST_F(ProcessTest, IsHeldToItsMemory) {
  if (!may_make_control_groups()) GTEST_SKIP() << "this machine lets this process make no control groups";
  auto hungry = module("probe_1", Isolation::kProcess, "eats memory");
  hungry.limits = {.memory_mb = 512};
  start({std::move(hungry)});
  EXPECT_FALSE(sofa::wait(host.shards(), probe->version(), 60s));
  while (info().process->last_end.empty()) std::this_thread::yield();
  EXPECT_THAT(info().process->last_end, HasSubstr("it used more than its 512 MB"));
}

}  // namespace
}  // namespace probe
