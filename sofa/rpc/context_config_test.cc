#include "sofa/rpc/context_config.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ContextConfig, EveryKeyArrives) {
  const auto file = load_application(R"(
application: bank
app: teller
listen: ["bolt://127.0.0.1:0", "bolt://[::1]:12200"]
shards: 2
worker_threads: 3
worker_queue: 10
worker_queue_time_ms: 80
max_connections: 99
connections: 4
pools:
  reports: {threads: 2, queue: 5, queue_time_ms: 70}
services:
  dev.sofa.bank.AccountService: {version: "2.0", unique_id: gold, blocking: true, max_concurrent: 7}
  dev.sofa.bank.ReportService: {pool: reports, adaptive_limit: true, priority: -1, methods: {yearly: {max_concurrent: 1, priority: -2}}}
references:
  dev.sofa.bank.EchoService: {url: "bolt://10.0.0.7:12200", timeout_ms: 500, version: "1.1", unique_id: u}
log: {level: warn}
)",
                                     "bank.yaml");
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_EQ(file->application, "bank");
  EXPECT_EQ(file->log.level, log::Level::kWarn);
  const ContextConfig& context = file->context;
  EXPECT_EQ(context.app, "teller");
  EXPECT_THAT(context.listen, ElementsAre("bolt://127.0.0.1:0", "bolt://[::1]:12200"));
  EXPECT_EQ(context.shards, 2U);
  EXPECT_EQ(context.worker_threads, 3U);
  EXPECT_EQ(context.worker_queue, 10U);
  EXPECT_EQ(context.max_connections, 99U);
  EXPECT_EQ(context.connections, 4U);
  const PublishOptions& service = context.services.at("dev.sofa.bank.AccountService");
  EXPECT_EQ(service.version, "2.0");
  EXPECT_EQ(service.unique_id, "gold");
  EXPECT_TRUE(service.blocking);
  EXPECT_EQ(service.max_concurrent, 7U);
  EXPECT_EQ(context.pools.at("reports").threads, 2U);
  EXPECT_EQ(context.pools.at("reports").queue, 5U);
  const PublishOptions& reports = context.services.at("dev.sofa.bank.ReportService");
  EXPECT_EQ(reports.pool, "reports");
  EXPECT_TRUE(reports.adaptive_limit);
  EXPECT_EQ(reports.priority, -1);
  EXPECT_EQ(reports.methods.at("yearly").max_concurrent, 1U);
  EXPECT_EQ(reports.methods.at("yearly").priority, -2);
  EXPECT_EQ(context.pools.at("reports").queue_time, std::chrono::milliseconds(70));
  EXPECT_EQ(context.worker_queue_time, std::chrono::milliseconds(80));
  const ReferenceOptions& reference = context.references.at("dev.sofa.bank.EchoService");
  EXPECT_EQ(reference.url, "bolt://10.0.0.7:12200");
  EXPECT_EQ(reference.timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(reference.version, "1.1");
  EXPECT_EQ(reference.unique_id, "u");
}

TEST(ContextConfig, DefaultsAreTheContextsOwn) {
  const auto file = load_application("application: bank\nreferences: {a.B: {}}\n", "bank.yaml");
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_EQ(file->context.shards, ContextConfig().shards);
  EXPECT_EQ(file->context.references.at("a.B").timeout, ReferenceOptions().timeout);
  EXPECT_EQ(file->context.references.at("a.B").version, ReferenceOptions().version);
}

TEST(ContextConfig, WhatDoesNotFitIsToldWithItsPlace) {
  ApplicationFile file;
  const auto problems = read_application(
      "app: bank\nshard: 2\nmax_connections: 0\nreferences:\n  a.B: {timeout_mss: 5}\n", "bank.yaml", file);
  std::vector<std::string> texts;
  for (const auto& problem : problems) texts.push_back(problem.to_string());
  EXPECT_THAT(
      texts,
      ElementsAre(HasSubstr("bank.yaml:2: shard: unknown key, did you mean 'shards'?"),
                  HasSubstr("bank.yaml:3: max_connections: 0 is below 1"),
                  HasSubstr("bank.yaml:5: references.a.B.timeout_mss: unknown key, did you mean 'timeout_ms'?")));
}

TEST(ContextConfig, AnApplicationIsOfTheBinaryOrMadeOfModules) {
  const auto why = [](const char* text) { return load_application(text, "bank.yaml").error().message(); };
  EXPECT_THAT(why("app: bank\n"), HasSubstr("say either which application"));
  EXPECT_THAT(why("application: bank\nmodules: {a: {file: a.so}}\n"), HasSubstr("say either which application"));
  EXPECT_THAT(why("modules: {a: {}}\n"), HasSubstr("modules.a: give it either a `file`, or `elsewhere: true`"));
  const auto file = load_application(
      "modules:\n  a: {file: a.so, config: {limit: 5}, services: {x.Y: {max_concurrent: 3}}}\n  b: {elsewhere: true}\n"
      "module_life: {drain_timeout_ms: 5}\n",
      "bank.yaml");
  ASSERT_TRUE(file) << file.error().what();
  EXPECT_EQ(file->modules.at("a").settings.at("limit"), "5");
  EXPECT_EQ(file->modules.at("a").part.services.at("x.Y").max_concurrent, 3U);
  EXPECT_TRUE(file->modules.at("b").elsewhere);
  EXPECT_EQ(file->module_life.drain_timeout.count(), 5);
}

TEST(ContextConfig, UrlsAreChecked) {
  const auto file = load_application(
      "application: bank\nlisten: ['http://h:1']\nreferences: {a.B: {url: 'bolt://nowhere'}}\n", "bank.yaml");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("listen[0]: cannot use 'http://h:1': a url has the form bolt://"));
  EXPECT_THAT(file.error().message(), HasSubstr("references.a.B.url: "));
}

TEST(ContextConfig, APoolThatIsNotThereIsToldOf) {
  const auto file = load_application("application: bank\nservices: {a.B: {pool: reports}}\n", "bank.yaml");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("services.a.B.pool: 'reports' is none of `pools`"));
}

TEST(ContextConfig, TheDocumentationHasEveryKey) {
  const std::string table = config::to_markdown(application_schema());
  for (const char* key : {"application", "listen", "references", "log"}) EXPECT_THAT(table, HasSubstr(key));
}

}  // namespace
}  // namespace sofa::rpc
