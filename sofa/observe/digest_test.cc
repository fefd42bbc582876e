#include "sofa/observe/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/observe/golden_lines_test.h"
#include "sofa/observe/testing_test.h"

namespace sofa::observe {
namespace {

using Json = nlohmann::ordered_json;
using testing::IsEmpty;
using testing::IsSubsetOf;

// Java takes its times at several places, so they do not add up as ours do; threads have other names here.
const std::vector<std::string> kOurOwn = {"timestamp",
                                          "special.time.mark",
                                          "server.special.time.mark",
                                          "current.thread.name",
                                          "client.elapse.time",
                                          "resp.deserialize.time",
                                          "req.deserialize.time",
                                          "req.serialize.time",
                                          "server.pool.wait.time",
                                          "phase.time.cost",
                                          "server.phase.time.cost"};

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::string line_of(const CallRecord& call, DigestPlace place = {}) {
  std::string out;
  append_digest(out, FinishedCall(call), place);
  EXPECT_EQ(out.back(), '\n');
  out.pop_back();
  return out;
}

/// The same keys in the same order, and the same values but for those that cannot be equal.
void expect_like(std::string_view golden, const CallRecord& call, std::string_view app) {
  const Json theirs = Json::parse(golden);
  const Json ours = Json::parse(line_of(call, {.app = app, .thread = "shard-0"}));
  EXPECT_EQ(keys_of(ours), keys_of(theirs)) << golden;
  std::vector<std::string> different;
  for (const auto& [key, value] : theirs.items()) {
    if (ours.contains(key) && ours[key] != value) different.push_back(key);
    EXPECT_EQ(ours.value(key, Json()).type(), value.type()) << key;
  }
  EXPECT_THAT(different, IsSubsetOf(kOurOwn)) << golden;
}

CallRecord withdraw(CallRecord call) {
  call.service = "dev.sofa.bank.AccountService:1.0";
  call.name = "withdraw";
  return call;
}

CallRecord measured(CallRecord call) {
  call.phases.serialize = 79us;
  call.phases.deserialize = 190us;
  call.phases.connect = 19us;
  return call;
}

CallRecord measured_server(CallRecord call) {
  call.phases = {.queue = 85us, .service = 13us, .serialize = 56us, .deserialize = 145us};
  return call;
}

TEST(Digest, WritesAClientsLineAsJavaDoes) {
  expect_like(kClientOk, measured(client_call()), "sofa-peers-client");

  CallRecord business = withdraw(measured(client_call()));
  business.outcome = Outcome::kBusiness;
  business.trace_id = "c00002021795638128461102612624";
  business.request_bytes = 921;
  business.response_bytes = 3131;
  expect_like(kClientBusiness, business, "sofa-peers-client");

  CallRecord late = measured(client_call());
  late.outcome = Outcome::kTimeout;
  late.name = "slowEcho";
  late.trace_id = "c00002021795638128631105012624";
  late.request_bytes = 853;
  late.response_bytes = -1;
  late.phases.deserialize = kUnknown;
  expect_like(kClientTimeout, late, "sofa-peers-client");

  CallRecord oneway = withdraw(measured(client_call()));
  oneway.type = InvokeType::kOneway;
  oneway.trace_id = "c00002021795638133454100112747";
  oneway.local_port = 55356;
  oneway.request_bytes = 928;
  oneway.response_bytes = -1;
  oneway.phases.deserialize = kUnknown;
  expect_like(kClientOneway, oneway, "sofa-peers-client");
}

TEST(Digest, WritesAServersLineAsJavaDoes) {
  expect_like(kServerOk, measured_server(server_call()), "sofa-peers-server");

  CallRecord business = withdraw(measured_server(server_call()));
  business.outcome = Outcome::kBusiness;
  business.trace_id = "c00002021795638128461102612624";
  business.request_bytes = 921;
  business.response_bytes = 3131;
  business.phases.serialize = 6ms;
  expect_like(kServerBusiness, business, "sofa-peers-server");

  CallRecord failed = measured_server(server_call());
  failed.outcome = Outcome::kFailed;
  failed.name = "slowEcho";
  failed.trace_id = "c00002021795638128631105012624";
  failed.request_bytes = 853;
  failed.response_bytes = 168;
  failed.phases.service = 4006ms;
  expect_like(kServerFailed, failed, "sofa-peers-server");

  CallRecord oneway = withdraw(measured_server(server_call()));
  oneway.type = InvokeType::kOneway;
  oneway.trace_id = "c00002021795638133454100112747";
  oneway.request_bytes = 928;
  oneway.response_bytes = -1;
  oneway.phases.serialize = kUnknown;
  expect_like(kServerOneway, oneway, "sofa-peers-server");
}

TEST(Digest, WritesTimesInTheirUnits) {
  CallRecord call = client_call();
  call.started = io::TimePoint(5s);
  call.elapsed = 71ms;
  call.phases = {.route = 25us, .filter = 40us, .balance = 1us, .connect = 2ms, .serialize = 79us, .deserialize = 3ms};
  const DigestPlace place{
      .app = "bank", .thread = "shard-1", .offset = 8h, .wall_minus_monotonic = 1'526'806'995'637ms};
  const Json line = Json::parse(line_of(call, place));
  EXPECT_EQ(line["timestamp"], "2018-05-20 17:03:20.708");
  EXPECT_EQ(line["special.time.mark"], "1526807000637&1526807000708");
  EXPECT_EQ(line["phase.time.cost"], "R1=25&R2=2000&R3=40&R4=1&R5=79/3000&");
  EXPECT_EQ(line["client.conn.time"], "2");
  EXPECT_EQ(line["resp.deserialize.time"], "3");
  EXPECT_EQ(line["client.elapse.time"], "71");
  EXPECT_EQ(line["current.thread.name"], "shard-1");
}

TEST(Digest, APeersTextForgesNoLine) {
  CallRecord call = server_call();
  call.remote_app = "a\"}\n{\"x\":\"";
  call.trace_id = "\xff\n";
  const std::string line = line_of(call);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(line)["remote.app"], "a\"}\n{\"x\":\"");
}

TEST(Digest, CutsTextsAtTheirBounds) {
  CallRecord call = server_call();
  const std::string endless(100'000, 'a');
  call.remote_app = call.service = call.name = call.trace_id = call.rpc_id = call.remote_host = call.baggage = endless;
  EXPECT_LT(line_of(call).size(), 2000U);
}

TEST(Digest, WritesAPeriodsSumsAsJavaDoes) {
  std::string client, server;
  const auto at = [](std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); };
  append_stat(client,
              {.local_app = "sofa-peers-client",
               .remote_app = {},
               .service = "dev.sofa.bank.EchoService:1.0",
               .method = "echo",
               .calls = 12,
               .milliseconds = 1610},
              at(1'795'638'128'934), 0min);
  EXPECT_EQ(client, std::string(kClientStat) + "\n");
  append_stat(server,
              {.local_app = "sofa-peers-server",
               .remote_app = "sofa-peers-client",
               .service = "dev.sofa.bank.AccountService:1.0",
               .method = "fail",
               .calls = 3,
               .milliseconds = 9,
               .success = false},
              at(1'795'638'131'135), 0min);
  EXPECT_EQ(server, std::string(kServerStat) + "\n");
}

TEST(Digest, OutcomesHaveTheFamilysCodes) {
  EXPECT_EQ(result_code(Outcome::kOk), "00");
  EXPECT_EQ(result_code(Outcome::kBusiness), "01");
  EXPECT_EQ(result_code(Outcome::kFailed), "02");
  EXPECT_EQ(result_code(Outcome::kTimeout), "03");
  EXPECT_EQ(result_code(Outcome::kRoute), "04");
  EXPECT_EQ(invoke_type("callback"), InvokeType::kCallback);
  EXPECT_EQ(invoke_type("anything"), InvokeType::kSync);
}

}  // namespace
}  // namespace sofa::observe
