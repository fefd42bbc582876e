// sofa top and sofa loglevel of a running bank.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/cli/run_binary.h"
#include "sofa/cli/running_server.h"

namespace sofa::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Top : public testing::Test {
 protected:
  void SetUp() override { ASSERT_FALSE(server_.admin().empty()) << server_.ready_line(); }
  RunningServer server_{{"--admin", "127.0.0.1:0"}};
};

TEST_F(Top, ShowsWhatTheProcessDoes) {
  ASSERT_EQ(run_sofa({"bench", server_.url(), "--seconds", "0.1", "--warmup", "0"}).exit, 0);
  const Ran once = run_sofa({"top", server_.admin(), "--once", "--interval", "50ms"});
  EXPECT_EQ(once.exit, 0) << once.err;
  EXPECT_THAT(once.out, AllOf(HasSubstr("http://" + server_.admin() + " · sofa 0."), HasSubstr(" · ready"),
                              HasSubstr("EchoService.echo"), HasSubstr("SHARD")));
  const Ran as_json =
      run_sofa({"top", "http://" + server_.admin() + "/actuator/prometheus", "--once", "--interval", "50ms", "--json"});
  EXPECT_EQ(as_json.exit, 0) << as_json.err;
  const json seen = json::parse(as_json.out);
  EXPECT_EQ(seen["target"], "http://" + server_.admin());
  EXPECT_EQ(seen["readiness"], "up");
  ASSERT_EQ(seen["methods"].size(), 1U);
  EXPECT_EQ(seen["methods"][0]["service"], "dev.sofa.bank.EchoService:1.0");
  EXPECT_EQ(seen["methods"][0]["side"], "server");
  EXPECT_GT(seen["methods"][0]["calls"], 10);
  EXPECT_EQ(seen["methods"][0]["in_flight"], 0);
  EXPECT_GE(seen["shards"].size(), 1U);
}

TEST_F(Top, ChangesTheLogLevel) {
  EXPECT_EQ(run_sofa({"loglevel", server_.admin()}).out, "info\n");
  EXPECT_EQ(run_sofa({"loglevel", server_.admin(), "debug"}).out, "debug\n");
  EXPECT_EQ(run_sofa({"loglevel", server_.admin(), "--json"}).out, "{\"level\":\"debug\"}\n");
  const Ran refused = run_sofa({"loglevel", server_.admin(), "loud"});
  EXPECT_EQ(refused.exit, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("/loglevel: status 400"), HasSubstr("'loud' is no level: send one of"),
                                 Not(HasSubstr("admin endpoint?"))));
}

TEST_F(Top, SaysWhatWasAskedWhereNoProcessOfOursAnswers) {
  EXPECT_EQ(run_sofa({"loglevel", "127.0.0.1:1"}).exit, 3);
  const Ran nobody = run_sofa({"top", "127.0.0.1:1"});
  EXPECT_EQ(nobody.exit, 3);
  EXPECT_THAT(nobody.err, AllOf(HasSubstr("asked http://127.0.0.1:1/metrics: "), HasSubstr("`observe.admin`")));
  const Ran path = run_sofa({"top", "http://" + server_.admin() + "/nothing", "--json"});
  EXPECT_EQ(path.exit, 1);
  EXPECT_THAT(json::parse(path.err)["error"]["message"].get<std::string>(), HasSubstr("/nothing: status 404"));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"top", "ftp://x"},
                                                {"top", server_.admin(), "--interval", "3"},
                                                {"top", server_.admin(), "--rows", "0"},
                                                {"loglevel"}}) {
    EXPECT_EQ(run_sofa(wrong).exit, 2) << wrong.back();
  }
}

TEST_F(Top, FollowsUntilTheProcessEnds) {
  EXPECT_EQ(server_.stop(SIGTERM), 0);
  EXPECT_EQ(run_sofa({"top", server_.admin(), "--json"}).exit, 3);
}

}  // namespace
}  // namespace sofa::cli
