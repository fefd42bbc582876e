// sofa serve and sofa config as processes.
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/cli/run_binary.h"
#include "sofa/cli/running_server.h"

namespace sofa::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const std::string kBank = SOFA_SOURCE_DIR "/examples/bank/bank.yaml";

TEST(Serve, SaysWhereItListensAndEndsWhenAsked) {
  for (const int signal : {SIGTERM, SIGINT}) {
    RunningServer server({"--shards", "2"});
    EXPECT_THAT(server.ready_line(), MatchesRegex("READY port=[1-9][0-9]* bolt://127.0.0.1:[1-9][0-9]*"));
    EXPECT_EQ(run_sofa({"call", server.url(), "dev.sofa.bank.EchoService", "echo", "\"x\""}).out, "\"x\"\n");
    EXPECT_EQ(server.stop(signal), 0);
  }
}

TEST(Serve, ListensOnEveryAddress) {
  RunningServer server({"--listen", "bolt://127.0.0.1:0"});
  EXPECT_THAT(server.ready_line(), MatchesRegex("READY port=[0-9]+ bolt://127.0.0.1:[0-9]+ bolt://127.0.0.1:[0-9]+"));
  EXPECT_EQ(server.stop(SIGTERM), 0);
}

TEST(Serve, WhatCannotBeServedSaysWhy) {
  RunningServer server;
  const Ran taken = run_sofa({"serve", kBank, "--listen", server.url()});
  EXPECT_EQ(taken.exit, 3);
  EXPECT_THAT(taken.err, HasSubstr("in use"));
  EXPECT_EQ(run_sofa({"serve", "no/such.yaml"}).exit, 2);
  const Ran application = run_sofa({"serve", "-"}, "application: bnak\nlisten: ['bolt://127.0.0.1:0']\n");
  EXPECT_EQ(application.exit, 2);
  EXPECT_THAT(application.err, HasSubstr("no application 'bnak': it has bank"));
  const Ran nowhere = run_sofa({"serve", "-"}, "application: bank\n");
  EXPECT_EQ(nowhere.exit, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("--listen"));
  const Ran key = run_sofa({"serve", "-"}, "application: bank\nlissen: []\n");
  EXPECT_EQ(key.exit, 2);
  EXPECT_THAT(key.err, HasSubstr("-:2: lissen: unknown key, did you mean 'listen'?"));
}

TEST(Config, ChecksAFile) {
  EXPECT_EQ(run_sofa({"config", "check", kBank}).out, kBank + ": ok\n");
  const std::string observed = SOFA_SOURCE_DIR "/examples/bank/observed-bank.yaml";
  EXPECT_EQ(run_sofa({"config", "check", observed}).out, observed + ": ok\n");
  EXPECT_EQ(run_sofa({"config", "check", kBank, "--json"}).out, "{\"ok\":true,\"problems\":[]}\n");

  const std::string wrong = "application: bank\nshards: many\nlisten: ['bolt://127.0.0.1:0']\nx: 1\n";
  const Ran text = run_sofa({"config", "check", "-"}, wrong);
  EXPECT_EQ(text.exit, 1);
  EXPECT_THAT(text.err, HasSubstr("-:2: shards: expected an integer, found 'many'"));
  EXPECT_THAT(text.err, HasSubstr("-:4: x: unknown key"));
  const Ran as_json = run_sofa({"config", "check", "-", "--json"}, wrong);
  EXPECT_EQ(as_json.exit, 1);
  const json verdict = json::parse(as_json.out);
  EXPECT_EQ(verdict["ok"], false);
  ASSERT_EQ(verdict["problems"].size(), 2U);
  EXPECT_EQ(verdict["problems"][0]["line"], 2);
  EXPECT_EQ(verdict["problems"][0]["path"], "shards");

  const Ran application = run_sofa({"config", "check", "-"}, "application: bnak\n");
  EXPECT_EQ(application.exit, 1);
  EXPECT_THAT(application.err, HasSubstr("application: this binary has no application 'bnak'"));
  EXPECT_EQ(run_sofa({"config", "check", "no/such.yaml"}).exit, 2);
}

TEST(Config, DocumentsEveryKey) {
  const Ran docs = run_sofa({"config", "docs"});
  EXPECT_EQ(docs.exit, 0);
  for (const char* key : {"application", "listen", "max_connections", "timeout_ms", "log"}) {
    EXPECT_THAT(docs.out, HasSubstr(key));
  }
}

TEST(Help, EverySubcommandHasExamples) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"serve"},
                                                  {"call"},
                                                  {"bench"},
                                                  {"top"},
                                                  {"loglevel"},
                                                  {"decode"},
                                                  {"roundtrip"},
                                                  {"config"},
                                                  {"config", "check"},
                                                  {"config", "docs"}}) {
    std::vector<std::string> arguments = command;
    arguments.push_back("--help");
    const Ran help = run_sofa(arguments);
    EXPECT_EQ(help.exit, 0) << command.back();
    EXPECT_THAT(help.out, HasSubstr("Example")) << command.back();
  }
  EXPECT_THAT(run_sofa({"--version"}).out, HasSubstr("sofa 0."));
  EXPECT_EQ(run_sofa({}).exit, 2);
}

}  // namespace
}  // namespace sofa::cli
