// Modules that are loaded for real: their life, and what they do wrong.
#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "sofa/boot/admin.h"
#include "tests/boot/modules_world_test.h"

namespace probe {
namespace {

TEST_F(ModulesTest, StartsCallsAndUnloads) {
  start({module("probe_1")});
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  ASSERT_EQ(modules().size(), 1U);
  EXPECT_EQ(modules()[0].state, ModuleState::kActive);
  EXPECT_EQ(modules()[0].services[0].service, "test.ProbeService:1.0");
  EXPECT_THAT(pins_of("probe"), IsEmpty());
  EXPECT_THAT(modules(), IsEmpty());
  EXPECT_THROW(version(), sofa::Error);
}

TEST_F(ModulesTest, SwitchesUnderCallsAndBack) {
  start({module("probe_1")});
  at_home(container.install(module("probe_2")));
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0}, calls{0};
  const auto reference = host.reference<ProbeService>();
  std::thread caller([&] {
    while (!stop) {
      const std::string answer = host.wait(reference->later(1));
      wrong += answer != "1.0.0" && answer != "2.0.0";
      ++calls;
    }
  });
  for (int i = 0; i < 20 || calls < 20; ++i) {
    at_home(container.switch_to("probe", "2.0.0"));
    EXPECT_EQ(version(), "2.0.0 dependency 2");
    at_home(container.rollback("probe"));
    EXPECT_EQ(version(), "1.0.0 dependency 1");
  }
  at_home(container.switch_to("probe", "2.0.0"));
  stop = true;
  caller.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(pins_of("probe"), IsEmpty());
  EXPECT_EQ(version(), "2.0.0 dependency 2");
}

TEST_F(ModulesTest, ANewVersionHasTheSectionOfItsModule) {
  const std::string log = testing::TempDir() + "probe.log";
  std::remove(log.c_str());
  sofa::boot::ModuleOptions section = module("probe_1", "logs");
  section.log.emplace().file = log;
  start({section});
  at_home(container.install({.file = file_of("probe_2")}));
  EXPECT_THAT(pins_of("probe", "1.0.0"), IsEmpty());
  EXPECT_THAT(pins_of("probe", "2.0.0"), IsEmpty());
  std::ifstream file(log);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line.substr(line.rfind(" I ")));
  EXPECT_THAT(lines, ElementsAre(" I started version=1.0.0", " I started version=2.0.0"));
}

TEST_F(ModulesTest, ExceptionsKeepTheirType) {
  start({module("probe_1")});
  try {
    host.wait(host.reference<ProbeService>()->fail(7));
    FAIL() << "it should have thrown";
  } catch (const ProbeFailure& failure) {
    EXPECT_EQ(failure.code, 7);
  }
}

TEST_F(ModulesTest, CallsUnderWayEndBeforeItGoes) {
  start({module("probe_1")});
  auto answer = host.as_future(host.reference<ProbeService>()->later(200));
  while (host.wait(host.reference<ProbeService>()->version()).empty()) {
  }
  EXPECT_THAT(pins_of("probe"), IsEmpty());
  EXPECT_EQ(answer.get().value(), "1.0.0");
}

TEST_F(ModulesTest, ContributionsComeInOrderAndGoWithTheirModule) {
  start({module("probe_1", "nothing", "5")});
  at_home(container.install(module("probe_2", "nothing", "1")));
  EXPECT_EQ(container.contributions().size(), 1U);
  EXPECT_EQ(container.contributions()[0]->order, 5);
  at_home(container.switch_to("probe", "2.0.0"));
  EXPECT_EQ(container.contributions().size(), 1U);
  EXPECT_EQ(container.contributions()[0]->order, 1);
}

TEST_F(ModulesTest, ViewsShowEverythingAndChangeNothing) {
  start({module("probe_1")});
  sofa::net::HttpRouter router;
  sofa::boot::add_view_routes(router, container);
  const auto ask = [handler = router.handler()](std::string method, std::string target) -> sofa::Task<std::string> {
    sofa::net::HttpRequest request;
    request.method = method;
    request.target = target;
    sofa::net::HttpResponse response = co_await handler(std::move(request));
    co_return std::to_string(response.status) + " " + co_await response.body.read_text(1 << 20);
  };
  for (const char* path : {"/modules", "/services", "/extensions", "/readiness", "/liveness", "/shards", "/config",
                           "/version", "/figures", "/startup", "/startup.html"}) {
    EXPECT_THAT(at_home(ask("GET", path)), testing::StartsWith("200 ")) << path;
  }
  EXPECT_THAT(at_home(ask("GET", "/modules")), HasSubstr("\"probe\""));
  EXPECT_THAT(at_home(ask("POST", "/modules/uninstall?name=probe&version=1.0.0")), testing::StartsWith("404 "));
  EXPECT_THAT(at_home(ask("PUT", "/loglevel")), testing::StartsWith("404 "));
  EXPECT_EQ(version(), "1.0.0 dependency 1");
}

struct Wrong {
  const char* does;
  const char* says;
};

class WrongInStart : public ModulesTest, public testing::WithParamInterface<Wrong> {};

TEST_P(WrongInStart, IsReportedAndNothingStays) {
  EXPECT_THAT(why_not(container.start({module("probe_1", GetParam().does)})),
              AllOf(HasSubstr("module 'probe' 1.0.0"), HasSubstr(GetParam().says)));
  EXPECT_EQ(host.wait([]() -> sofa::Task<int> { co_return 1; }()), 1);
}

INSTANTIATE_TEST_SUITE_P(All, WrongInStart,
                         testing::Values(Wrong{"throws in start", "there is no database"},
                                         Wrong{"waits in start", "start has not ended within 1000 ms"},
                                         Wrong{"does not publish", "provides test.ProbeService, but does not publish"},
                                         Wrong{"is ill", "not healthy after 4 checks: the disk is full"}));

TEST_F(ModulesTest, OneThatHangsInStartStaysAndTheOthersGoOn) {
  start({module("probe_1")});
  EXPECT_THAT(why_not(container.install(module("probe_2", "hangs in start"))),
              AllOf(HasSubstr("module 'probe' 2.0.0: start has not ended within 1000 ms"), HasSubstr("does not heed")));
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  ASSERT_EQ(modules().size(), 2U);
  EXPECT_EQ(modules()[1].state, ModuleState::kPinned);
  EXPECT_THAT(modules()[1].log.back().why, HasSubstr("its start, which has not ended"));
}

TEST_F(ModulesTest, OneThatHangsInStopStays) {
  start({module("probe_1", "hangs in stop")});
  EXPECT_THAT(pins_of("probe"), ElementsAre(HasSubstr("its stop, which has not ended")));
}

TEST_F(ModulesTest, OneThatIsIllAtFirstBecomesHealthy) {
  start({module("probe_1", "is ill twice")});
  EXPECT_EQ(modules()[0].state, ModuleState::kActive);
}

TEST_F(ModulesTest, ADependantOfAFailedOneIsNotStarted) {
  const std::string why = why_not(container.start({module("user_1"), module("probe_1", "throws in start")}));
  EXPECT_THAT(why, AllOf(HasSubstr("there is no database"),
                         HasSubstr("module 'user' 1.0.0 was not started: it requires probe, which failed")));
}

TEST_F(ModulesTest, AMissingRequirementIsNamedBeforeAnythingStarts) {
  EXPECT_THAT(why_not(container.start({module("user_1")})), HasSubstr("'user' requires 'probe'"));
  EXPECT_THAT(modules(), IsEmpty());
}

TEST_F(ModulesTest, ATakenNameIsRefused) {
  EXPECT_THAT(why_not(container.start({module("user_1"), module("probe_1")})),
              AllOf(HasSubstr("module 'user' cannot publish test.ProbeService:1.0"),
                    HasSubstr("module 'probe' publishes it already")));
}

TEST_F(ModulesTest, WhatIsRequiredIsNotTakenOut) {
  start({module("probe_1")});
  EXPECT_THAT(why_not(container.switch_to("probe", "1.0.0")), HasSubstr("is active already"));
  EXPECT_THAT(why_not(container.switch_to("probe", "9.0.0")), HasSubstr("of 'probe' there is 1.0.0 (active)"));
  EXPECT_THAT(why_not(container.rollback("probe")), HasSubstr("nothing to go back to"));
  EXPECT_THAT(why_not(container.uninstall("prob", "1.0.0")),
              HasSubstr("there is no module 'prob' 1.0.0; there is probe"));
}

TEST_F(ModulesTest, SomeCallersTryAVersionOut) {
  start({module("probe_1")});
  at_home(container.install(module("probe_2")));
  at_home(container.try_out("probe", "2.0.0", {.share = 0, .callers = {"somebody"}}));
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  at_home(container.try_out("probe", "2.0.0", {.share = 0, .callers = {"host"}}));
  EXPECT_EQ(version(), "2.0.0 dependency 2");
  at_home(container.try_out("probe", "2.0.0", {}));
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  at_home(container.try_out("probe", "2.0.0", {.share = 5000}));
  int on_trial = 0;
  for (int i = 0; i < 1000; ++i) on_trial += version().starts_with("2");
  EXPECT_NEAR(on_trial, 500, 5);
  at_home(container.switch_to("probe", "2.0.0"));
  EXPECT_THAT(pins_of("probe"), IsEmpty());
  EXPECT_EQ(version(), "2.0.0 dependency 2");
}

TEST_F(ModulesTest, AFailedInstallLeavesWhatIsActive) {
  start({module("probe_1")});
  EXPECT_THAT(why_not(container.install(module("probe_2", "is ill"))), HasSubstr("the disk is full"));
  EXPECT_EQ(modules().size(), 1U);
  EXPECT_EQ(version(), "1.0.0 dependency 1");
  EXPECT_THAT(why_not(container.install(module("probe_1"))), HasSubstr("is there already"));
}

}  // namespace
}  // namespace probe
