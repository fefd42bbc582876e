// sofa call against the bank: answers, exceptions and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "sofa/cli/run_binary.h"
#include "sofa/cli/running_server.h"

namespace sofa::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr auto kAccounts = "dev.sofa.bank.AccountService";
constexpr auto kEcho = "dev.sofa.bank.EchoService";

class Call : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new RunningServer; }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override { ASSERT_FALSE(server_->url().empty()) << server_->ready_line(); }

  static Ran call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"call", server_->url()});
    return run_sofa(arguments);
  }

  static RunningServer* server_;
};
RunningServer* Call::server_ = nullptr;

/// A port of this machine that takes connections and never says a word.
class SilentPort {
 public:
  SilentPort() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 4), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentPort() { close(socket_); }
  std::string url() const { return "bolt://127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

TEST_F(Call, AnswersAreJson) {
  const Ran balance = call({kAccounts, "getBalance", "\"call-alice\""});
  EXPECT_EQ(balance.exit, 0) << balance.err;
  EXPECT_EQ(balance.out, "\"1000.00\"\n");
  const Ran transfer = call({kAccounts, "transfer",
                             R"({"$class":"dev.sofa.bank.TransferRequest","txId":"t1","fromAccount":"call-a",)"
                             R"("toAccount":"call-b","amount":{"$decimal":"5.00"}})",
                             "--json"});
  EXPECT_EQ(transfer.exit, 0) << transfer.err;
  const json result = json::parse(transfer.out);
  EXPECT_EQ(result["$class"], "dev.sofa.bank.TransferResult");
  EXPECT_EQ(result["accepted"], true);
  EXPECT_EQ(result["fromBalance"], "995.00");
}

TEST_F(Call, TypesChooseTheOverload) {
  EXPECT_EQ(call({kAccounts, "overload", "5"}).out, "\"int:5\"\n");
  EXPECT_EQ(call({kAccounts, "overload", "-5"}).out, "\"int:-5\"\n");
  EXPECT_EQ(call({kAccounts, "overload", "\"5\""}).out, "\"String:5\"\n");
  EXPECT_EQ(call({kAccounts, "overload", "[\"5\",\"6\"]"}).out, "\"List:[5, 6]\"\n");
  EXPECT_EQ(call({kAccounts, "overload", "null", "--types", "java.lang.String"}).exit, 1)
      << "null is no String of ours";
}

TEST_F(Call, TypesSayWhatJsonCannot) {
  const Ran typed =
      call({kAccounts, "withdraw", "\"call-typed\"", "\"12.34\"", "--types", "java.lang.String,java.math.BigDecimal"});
  EXPECT_EQ(typed.exit, 0) << typed.err;
  EXPECT_EQ(typed.out, "\"987.66\"\n");
  EXPECT_EQ(call({kEcho, "slowEcho", "\"x\"", "1", "--types", "java.lang.String,long"}).out, "\"x\"\n");
}

TEST_F(Call, WhatTheServiceThrowsIsExit1) {
  const std::vector<std::string> withdraw = {kAccounts, "withdraw", "\"call-poor\"", "{\"$decimal\":\"5000\"}"};
  const Ran thrown = call(withdraw);
  EXPECT_EQ(thrown.exit, 1);
  EXPECT_EQ(thrown.out, "");
  EXPECT_THAT(thrown.err, AllOf(HasSubstr("threw dev.sofa.bank.InsufficientFundsException: account call-poor lacks"),
                                HasSubstr("missing: \"4000.00\"")));
  std::vector<std::string> with_json = withdraw;
  with_json.push_back("--json");
  const Ran as_json = call(with_json);
  EXPECT_EQ(as_json.exit, 1);
  const json exception = json::parse(as_json.out)["exception"];
  EXPECT_EQ(exception["class"], "dev.sofa.bank.InsufficientFundsException");
  EXPECT_EQ(exception["fields"], json::parse(R"({"account":"call-poor","missing":"4000.00"})"));
}

TEST_F(Call, WhatTheServerRefusesIsExit1) {
  const Ran method = call({kAccounts, "nope"});
  EXPECT_EQ(method.exit, 1);
  EXPECT_THAT(method.err, AllOf(HasSubstr("called dev.sofa.bank.AccountService:1.0.nope at " + server_->url()),
                                HasSubstr("RPC-020100011: Cannot find invoke method: [nope]"), HasSubstr("--types")));
  const Ran service = call({std::string(kAccounts) + ":2.0:gold", "getBalance", "\"a\"", "--json"});
  EXPECT_EQ(service.exit, 1);
  EXPECT_THAT(json::parse(service.err)["error"]["message"].get<std::string>(),
              HasSubstr("RPC-020100010: RPC cannot find service: [dev.sofa.bank.AccountService:2.0:gold]"));
}

TEST_F(Call, NobodyAnswersIsExit3) {
  const Ran refused = run_sofa({"call", "bolt://127.0.0.1:1", kEcho, "echo", "\"x\""});
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("called dev.sofa.bank.EchoService:1.0.echo at bolt://127.0.0.1:1"),
                                 HasSubstr("refused"), HasSubstr("check that a server listens there")));
  const Ran slow =
      call({kEcho, "slowEcho", "\"x\"", "60000", "--types", "java.lang.String,long", "--deadline", "100ms"});
  EXPECT_EQ(slow.exit, 3);
  EXPECT_THAT(slow.err, HasSubstr("--deadline"));
  const SilentPort silent;
  EXPECT_EQ(run_sofa({"call", silent.url(), kEcho, "echo", "\"x\"", "--deadline", "100ms"}).exit, 3);
}

TEST_F(Call, UsageIsExit2) {
  for (const auto& [arguments, says] : std::vector<std::pair<std::vector<std::string>, const char*>>{
           {{"call", "http://x:1", kEcho, "echo"}, "a url has the form bolt://host:port"},
           {{"call", server_->url(), "a:b:c:d", "echo"}, "INTERFACE[:VERSION][:UNIQUEID]"},
           {{"call", server_->url(), kEcho, "echo", "alice"}, "a text has quotes"},
           {{"call", server_->url(), kEcho, "echo", "\"a\"", "--types", "a,b"}, "1 arguments but 2 types"},
           {{"call", server_->url(), kEcho, "echo", "\"a\"", "--deadline", "3"}, "is no duration"},
           {{"call", server_->url(), kEcho, "echo", "\"a\"", "--header", "x"}, "KEY=VALUE"},
           {{"call", server_->url(), kEcho}, "METHOD"},
           {{"nothing"}, ""}}) {
    const Ran ran = run_sofa(arguments);
    EXPECT_EQ(ran.exit, 2) << says << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(says));
  }
}

TEST_F(Call, BenchCounts) {
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--outstanding", "4"},
                                               {"--rate", "500"},
                                               {kAccounts, "getBalance", "\"call-bench\"", "--outstanding", "2"}}) {
    std::vector<std::string> arguments = {"bench", server_->url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"--connections", "2", "--seconds", "0.3", "--warmup", "0.1", "--json"});
    const Ran ran = run_sofa(arguments);
    ASSERT_EQ(ran.exit, 0) << ran.err;
    const json line = json::parse(ran.out);
    EXPECT_GT(line["requests"], 10);
    EXPECT_GT(line["rps"], 30);
    EXPECT_EQ(line["errors"], 0);
    EXPECT_LE(line["p50_us"], line["p999_us"]);
    EXPECT_GT(line["client_cpu_s_per_million"], 0);
  }
  const Ran table = run_sofa({"bench", server_->url(), "--seconds", "0.1", "--warmup", "0"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("calls/s"), HasSubstr("p99.9"), HasSubstr("client CPU")));
}

TEST_F(Call, BenchOfWhatCannotBeCalledSaysWhy) {
  EXPECT_EQ(run_sofa({"bench", "bolt://127.0.0.1:1"}).exit, 3);
  EXPECT_EQ(run_sofa({"bench", server_->url(), kEcho, "nope"}).exit, 1);
  EXPECT_EQ(run_sofa({"bench", server_->url(), kEcho}).exit, 2);
}

}  // namespace
}  // namespace sofa::cli
