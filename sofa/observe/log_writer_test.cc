#include "sofa/observe/log_writer.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/base/log_setup.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

using Json = nlohmann::json;

// What a process keeps while its logs are written.
struct Writing {
  io::sim::Process& process;
  MethodTable methods;
  LogSignal signal{process.env().blocking};
  MethodId echo = methods.add(Side::kServer, "a.Echo:1.0", std::array<std::string_view, 1>{"echo"})[0];
  Observer one{0, methods, process.clock(), {.log_ring = 64, .stat = true, .signal = &signal}};
  Observer two{1, methods, process.clock(), {.log_ring = 64, .stat = true, .signal = &signal}};
  LogWriter writer{process.env(), signal, {.app = "bank", .folder = "logs"}, {&one, &two}};

  explicit Writing(io::sim::Process& on) : process(on) { writer.start(); }
};

class LogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    process.boot([this](io::sim::Process& self) {
      auto made = std::make_shared<Writing>(self);
      writing = made.get();
      return made;
    });
  }
  std::vector<Json> lines(const std::string& name) {
    std::vector<Json> all;
    const auto handle = process.disk().open("logs/" + name, false);
    if (!handle) return all;
    Bytes bytes(*process.disk().size(*handle));
    EXPECT_TRUE(process.disk().read_at(*handle, 0, bytes));
    process.disk().close(*handle);
    std::string_view text = as_text(bytes);
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
      all.push_back(Json::parse(text.substr(0, end)));
    }
    EXPECT_EQ(text, "");
    return all;
  }
  io::sim::World world{7};
  io::sim::Process& process = world.process("bank");
  Writing* writing = nullptr;
};

TEST_F(LogWriterTest, WritesCallsSoonAndEachToItsSidesFile) {
  writing->one.on_call(server_call(writing->echo));
  writing->two.on_call(client_call());
  world.run_for(1s);
  ASSERT_EQ(lines("rpc-server-digest.log").size(), 1U);
  ASSERT_EQ(lines("rpc-client-digest.log").size(), 1U);
  EXPECT_EQ(lines("rpc-server-digest.log")[0]["current.thread.name"], "shard-0");
  EXPECT_EQ(lines("rpc-client-digest.log")[0]["current.thread.name"], "shard-1");
  EXPECT_EQ(lines("rpc-server-digest.log")[0]["local.app"], "bank");
}

TEST_F(LogWriterTest, WakesBeforeARingIsFull) {
  for (int i = 0; i < 33; ++i) writing->one.on_call(server_call(writing->echo));
  EXPECT_TRUE(world.run_until([&] { return writing->one.log_ring()->size() == 0; }, 20ms));
}

TEST_F(LogWriterTest, WritesTheSumsOfEachPeriod) {
  for (int i = 0; i < 3; ++i) writing->one.on_call(server_call(writing->echo));
  writing->two.on_call(server_call(writing->echo));
  world.run_for(70s);
  ASSERT_EQ(lines("rpc-server-stat.log").size(), 1U);
  EXPECT_EQ(lines("rpc-server-stat.log")[0]["count"], 4);
  EXPECT_EQ(lines("rpc-server-stat.log")[0]["total.cost.milliseconds"], 8);
  EXPECT_EQ(lines("rpc-server-stat.log")[0]["stat.key"]["service"], "a.Echo:1.0");
  world.run_for(60s);
  EXPECT_EQ(lines("rpc-server-stat.log").size(), 1U) << "a period without calls has no line";
  CallRecord failed = server_call(writing->echo);
  failed.outcome = Outcome::kFailed;
  writing->one.on_call(failed);
  writing->one.on_call(server_call(writing->echo));
  world.run_for(60s);
  ASSERT_EQ(lines("rpc-server-stat.log").size(), 3U);
  EXPECT_EQ(lines("rpc-server-stat.log")[1]["success"], "N");
  EXPECT_EQ(lines("rpc-server-stat.log")[2]["count"], 1);
}

TEST_F(LogWriterTest, StopWritesWhatThereIs) {
  writing->one.on_call(server_call(writing->echo));
  writing->writer.stop();
  EXPECT_EQ(lines("rpc-server-digest.log").size(), 1U);
  EXPECT_EQ(lines("rpc-server-stat.log").size(), 1U);
}

TEST_F(LogWriterTest, CountsLinesThatADiskDoesNotTakeAndSaysSo) {
  std::vector<std::string> said;
  log::redirect([&](log::Level, std::string_view line) { said.emplace_back(line); });
  process.disk().set_errors(1'000'000, 0);
  for (int i = 0; i < 5; ++i) writing->one.on_call(server_call(writing->echo));
  world.run_for(1s);
  EXPECT_EQ(writing->writer.lost(), 5U);
  process.disk().set_errors(0, 0);
  writing->one.on_call(server_call(writing->echo));
  world.run_for(1s);
  log::redirect({});
  EXPECT_EQ(writing->writer.lost(), 5U);
  EXPECT_FALSE(lines("rpc-server-digest.log").empty());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], testing::HasSubstr("tracelog not written"));
}

}  // namespace
}  // namespace sofa::observe
