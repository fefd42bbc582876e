// sofa ctl and sofa new, as an operator uses them.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sofa/cli/run_binary.h"
#include "sofa/cli/running_server.h"

namespace sofa::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CtlTest : public testing::Test {
 protected:
  explicit CtlTest(const std::string& file = "bank-modules.yaml") : bank({"--quiet", "--ctl", socket}, file) {}

  const std::string socket = testing::TempDir() + "ctl-" + std::to_string(getpid()) + ".sock";
  RunningServer bank;

  Ran ctl(std::vector<std::string> words) {
    words.insert(words.begin(), {"ctl", "--socket", socket});
    return run_sofa(words);
  }
  std::string call(const std::string& service, const std::string& method, const std::string& argument = {}) {
    std::vector<std::string> words{"call", bank.url(), service, method};
    if (!argument.empty()) words.push_back(argument);
    return run_sofa(words).out;
  }
  /// Of the first module with a process of its own, by what `list` says.
  static pid_t process_of(const std::string& listed) {
    std::istringstream lines(listed);
    std::string name, version, state, took, unit, process;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      words >> name >> version >> state >> took >> unit >> process;
      if (unit == "ms" && process != "-") return std::atoi(process.c_str());
    }
    return -1;
  }
  static std::string file_of(const std::string& module) {
    return std::filesystem::path(SOFA_BINARY).parent_path() / "modules" / (module + ".so");
  }
};

TEST_F(CtlTest, ReleasesAVersionAndGoesBack) {
  ASSERT_NE(bank.url(), "");
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  EXPECT_THAT(ctl({"module", "list"}).out, AllOf(HasSubstr("accounts"), HasSubstr("points"), HasSubstr("transfers")));
  const Ran installed = ctl({"module", "install", file_of("transfers-2.0.0"), "--set", "points_per_transfer=2"});
  EXPECT_EQ(installed.exit, 0) << installed.err;
  EXPECT_THAT(installed.out, HasSubstr("transfers 2.0.0: standby"));
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  EXPECT_EQ(ctl({"module", "trial", "transfers", "2.0.0", "--percent", "100"}).exit, 0);
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"2.0.0\"\n");
  EXPECT_EQ(ctl({"module", "trial", "transfers", "2.0.0"}).exit, 0);
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  EXPECT_EQ(ctl({"module", "switch", "transfers", "2.0.0"}).exit, 0);
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"2.0.0\"\n");
  EXPECT_EQ(ctl({"module", "rollback", "transfers"}).exit, 0);
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  EXPECT_THAT(ctl({"module", "uninstall", "transfers", "2.0.0"}).out, HasSubstr("nothing of it is left in memory"));
  EXPECT_THAT(ctl({"--json", "module", "list"}).out, Not(HasSubstr("2.0.0")));
  EXPECT_EQ(bank.stop(SIGTERM), 0);
}

TEST_F(CtlTest, SaysWhatCannotBe) {
  EXPECT_EQ(ctl({"module", "check", "accounts"}).out, "healthy\n");
  const Ran required = ctl({"module", "uninstall", "accounts", "1.0.0"});
  EXPECT_EQ(required.exit, 1);
  EXPECT_THAT(required.err, HasSubstr("module 'accounts' is required by transfers"));
  EXPECT_THAT(ctl({"module", "install", file_of("transfers-2.0.0"), "--set", "points=2"}).err,
              HasSubstr("module.yaml of 'transfers' has points_per_transfer"));
  EXPECT_THAT(ctl({"module", "install", "/dev/null"}).err, HasSubstr("is no shared object"));
  EXPECT_THAT(ctl({"module", "inspect", "nobody"}).err, HasSubstr("there is no module 'nobody'"));
  EXPECT_THAT(ctl({"module", "inspect", "transfers"}).out, AllOf(HasSubstr("active"), HasSubstr("start")));
  EXPECT_THAT(run_sofa({"ctl", "--socket", "/nowhere.sock", "module", "list"}).err,
              HasSubstr("nobody answers at /nowhere.sock"));
}

TEST_F(CtlTest, AppliesAPlanAndTakesOneBackThatCannotBe) {
  const std::string plan = testing::TempDir() + "plan-" + std::to_string(getpid()) + ".yaml";
  std::ofstream(plan) << "pause_ms: 50\nbatches:\n  - [{file: " << file_of("transfers-2.0.0")
                      << "}]\n  - [{file: nowhere.so}]\n";
  const Ran refused = ctl({"module", "apply", plan});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.out, AllOf(HasSubstr("transfers 2.0.0 is active"), HasSubstr("transfers: rolled back")));
  EXPECT_THAT(refused.err, HasSubstr("nowhere.so"));
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  std::ofstream(plan) << "pause_ms: 50\nbatches:\n  - [{file: " << file_of("accounts-2.0.0")
                      << "}, {file: " << file_of("points-2.0.0") << "}]\n  - [{file: " << file_of("transfers-2.0.0")
                      << ", config: {points_per_transfer: 3}}]\n";
  const Ran applied = ctl({"module", "apply", plan});
  EXPECT_EQ(applied.exit, 0) << applied.err;
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"2.0.0\"\n");
  std::ofstream(plan) << "batch: []\n";
  EXPECT_THAT(ctl({"module", "apply", plan}).err, HasSubstr("did you mean 'batches'?"));
  std::filesystem::remove(plan);
}

TEST_F(CtlTest, ShowsTheProcess) {
  EXPECT_THAT(ctl({"readiness"}).out, HasSubstr("status: UP"));
  EXPECT_THAT(ctl({"services"}).out, AllOf(HasSubstr("dev.sofa.bank.TransferService:1.0"), HasSubstr("transfers")));
  EXPECT_THAT(ctl({"shards"}).out, AllOf(HasSubstr("bytes_out"), HasSubstr("0 ")));
  EXPECT_THAT(ctl({"config"}).out, AllOf(HasSubstr("app: bank"), HasSubstr("points_per_transfer")));
  EXPECT_THAT(ctl({"version"}).out, AllOf(HasSubstr("abi: "), HasSubstr("toolchain: clang 19")));
  EXPECT_THAT(ctl({"figures"}).out, HasSubstr("requests: "));
  EXPECT_EQ(ctl({"loglevel"}).out, "info\n");
  EXPECT_EQ(ctl({"loglevel", "warn"}).out, "warn\n");
  const Ran wrong = ctl({"loglevel", "loud"});
  EXPECT_EQ(wrong.exit, 1);
  EXPECT_THAT(wrong.err, HasSubstr("'loud' is no level"));
  EXPECT_THAT(ctl({"--json", "shards"}).out, HasSubstr("\"connections\":"));
}

TEST_F(CtlTest, APlanGoesBackWhereCallsAreTooSlow) {
  const std::string plan = testing::TempDir() + "slow-" + std::to_string(getpid()) + ".yaml";
  std::ofstream(plan) << "pause_ms: 20000\nstop_on: {p99_ms: 5, least_calls: 20}\nbatches:\n  - [{file: "
                      << file_of("transfers-2.0.0") << "}]\n";
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop) {
      run_sofa({"bench", bank.url(), "dev.sofa.bank.EchoService", "slowEcho", "\"x\"", "20", "--types",
                "java.lang.String,long", "--seconds", "0.5", "--warmup", "0"});
    }
  });
  const Ran refused = ctl({"module", "apply", plan});
  stop = true;
  caller.join();
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, HasSubstr("calls took more than 5 ms since the batch began"));
  EXPECT_EQ(call("dev.sofa.bank.TransferService", "version"), "\"1.0.0\"\n");
  std::filesystem::remove(plan);
}

TEST_F(CtlTest, ShowsHowItStarted) {
  EXPECT_THAT(ctl({"startup"}).out, AllOf(HasSubstr("transfers"), HasSubstr("start")));
  EXPECT_THAT(ctl({"startup", "--html"}).out, AllOf(HasSubstr("<!doctype html>"), HasSubstr("<td>transfers</td>")));
}

class MixedTest : public CtlTest {
 protected:
  MixedTest() : CtlTest("bank-mixed.yaml") {}
  static void wait_for_end(pid_t process) {
    while (kill(process, 0) == 0) std::this_thread::yield();
  }
};

TEST_F(MixedTest, AModuleHasAProcessOfItsOwnAndComesBackToItsHosts) {
  const pid_t process = process_of(ctl({"module", "list"}).out);
  ASSERT_GT(process, 0);
  const std::string bob = call("dev.sofa.bank.AccountService", "getBalance", "\"bob\"");
  EXPECT_EQ(bob, "\"1000.00\"\n");
  EXPECT_EQ(ctl({"module", "check", "accounts"}).out, "healthy\n");
  EXPECT_THAT(ctl({"module", "inspect", "accounts"}).out, HasSubstr("process  " + std::to_string(process)));
  const Ran installed = ctl({"module", "install", file_of("accounts-2.0.0"), "--isolation", "shared"});
  EXPECT_EQ(installed.exit, 0) << installed.err;
  EXPECT_EQ(ctl({"module", "switch", "accounts", "2.0.0"}).exit, 0);
  EXPECT_EQ(call("dev.sofa.bank.AccountService", "getBalance", "\"bob\""), "\"1000.00\"\n");
  EXPECT_THAT(ctl({"module", "uninstall", "accounts", "1.0.0"}).out, HasSubstr("nothing of it is left in memory"));
  EXPECT_EQ(kill(process, 0), -1);
  EXPECT_EQ(bank.stop(SIGTERM), 0);
}

TEST_F(MixedTest, AProcessEndsWithItsHost) {
  const pid_t process = process_of(ctl({"module", "list"}).out);
  ASSERT_GT(process, 0);
  EXPECT_EQ(bank.stop(SIGKILL), 128 + SIGKILL);
  wait_for_end(process);
}

TEST(New, WritesAModule) {
  const std::string folder = testing::TempDir() + "new-" + std::to_string(getpid());
  std::filesystem::create_directory(folder);
  const Ran made = run_program("/bin/sh", {"-c", "cd " + folder + " && " SOFA_BINARY " new module greetings"});
  EXPECT_EQ(made.exit, 0) << made.err;
  for (const char* file :
       {"CMakeLists.txt", "module.yaml", "module.cc", "greetings_service.h", "module_test.cc", "app.yaml"}) {
    EXPECT_TRUE(std::filesystem::exists(folder + "/greetings/" + file)) << file;
  }
  EXPECT_NE(run_program("/bin/sh", {"-c", "cd " + folder + " && " SOFA_BINARY " new module greetings"}).exit, 0);
  EXPECT_NE(run_sofa({"new", "module", "../x"}).exit, 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sofa::cli
