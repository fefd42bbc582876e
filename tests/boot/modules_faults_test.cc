// What keeps modules in memory, what is damaged, and bugs that were planted.
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include "tests/boot/modules_world_test.h"

namespace probe {

namespace {
std::shared_ptr<void> kept;
}

void keep(std::shared_ptr<void> object) {
  kept = std::move(object);
}
void give_back() {
  kept.reset();
}

namespace {

struct Pin {
  const char* does;
  const char* names;
};
class Pinned : public ModulesTest, public testing::WithParamInterface<Pin> {};

TEST_P(Pinned, IsNamed) {
  start({module("probe_1", GetParam().does)});
  // On all shards of the host.
  for (int i = 0; i < host.shards().serving(); ++i) {
    (void)sofa::wait(host.shards()[i], host.reference<ProbeService>()->version(), 5s);
    const auto call = [](sofa::rpc::Reference<ProbeService> probe) -> sofa::Task<std::string> {
      co_return co_await probe->version();
    };
    ASSERT_TRUE(sofa::wait(host.shards()[i], call(host.reference<ProbeService>()), 5s));
  }
  EXPECT_THAT(pins_of("probe"), ElementsAre(HasSubstr(GetParam().names)));
  EXPECT_EQ(modules()[0].state, ModuleState::kPinned);
}

INSTANTIATE_TEST_SUITE_P(All, Pinned,
                         testing::Values(Pin{"leaves a thread_local", "a thread_local with a destructor"},
                                         Pin{"leaves a thread", "thread "}, Pin{"leaves a timer", "1 timer on shard"},
                                         Pin{"has a stubborn task", "1 task that did not end"},
                                         Pin{"hands out an object", "the object of test.ProbeService:1.0"}));

TEST_F(ModulesTest, GoesWhenWhatHeldItIsGivenBack) {
  start({module("probe_1", "hands out an object")});
  EXPECT_THAT(pins_of("probe"), ElementsAre(HasSubstr("the object of test.ProbeService:1.0")));
  give_back();
  EXPECT_THAT(pins_of("probe"), IsEmpty());
}

#ifdef SOFA_MUTANTS

/// What is promised, and a known bug that breaks it.
class PlantedBugs : public ModulesTest {
 public:
  bool waits_for_calls() {
    start({module("probe_1")});
    auto answer = host.as_future(host.reference<ProbeService>()->later(200));
    while (version().empty()) {
    }
    const bool is_unloaded = pins_of("probe").empty();
    return answer.get() && is_unloaded;
  }
  bool knows_the_way_back() {
    start({module("probe_1")});
    at_home(container.install(module("probe_2")));
    at_home(container.switch_to("probe", "2.0.0"));
    return why_not(container.rollback("probe")) == "it went well" && version().starts_with("1.0.0");
  }
  bool heeds_requirements() {
    return why_not(container.start({module("user_1"), module("probe_1", "throws in start")})).find("not started") !=
           std::string::npos;
  }
  bool heeds_checks() { return why_not(container.start({module("probe_1", "is ill")})) != "it went well"; }

  struct Bug {
    const char* name;
    bool (PlantedBugs::*is_kept)();
  };
};

class PlantedBug : public PlantedBugs, public testing::WithParamInterface<PlantedBugs::Bug> {
 protected:
  ~PlantedBug() override { sofa::activate_mutant(nullptr); }
};

TEST_P(PlantedBug, IsFound) {
  sofa::activate_mutant(GetParam().name);
  EXPECT_FALSE((this->*GetParam().is_kept)());
}
TEST_P(PlantedBug, IsNotThereOtherwise) {
  EXPECT_TRUE((this->*GetParam().is_kept)());
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBug,
                         testing::Values(PlantedBugs::Bug{"drain-does-not-wait", &PlantedBugs::waits_for_calls},
                                         PlantedBugs::Bug{"way-back-not-noted", &PlantedBugs::knows_the_way_back},
                                         PlantedBugs::Bug{"requirement-not-heeded", &PlantedBugs::heeds_requirements},
                                         PlantedBugs::Bug{"check-not-heeded", &PlantedBugs::heeds_checks}));

#endif

class Damaged : public ModulesTest {
 protected:
  const std::string path = testing::TempDir() + "damaged.so";
  void write(const std::function<void(std::string&)>& change) {
    std::ifstream from(file_of("probe_1"), std::ios::binary);
    std::stringstream bytes;
    bytes << from.rdbuf();
    std::string text = bytes.str();
    change(text);
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string why() { return why_not(container.install({.file = path})); }
  ~Damaged() override { std::remove(path.c_str()); }
};

TEST_F(Damaged, FilesAreRefusedBeforeTheyAreLoaded) {
  write([](std::string& bytes) { bytes.resize(bytes.size() / 2); });
  EXPECT_THAT(why(), HasSubstr("is cut off"));
  write([](std::string& bytes) { bytes = "#!/bin/sh"; });
  EXPECT_THAT(why(), HasSubstr("is no shared object"));
  write([](std::string& bytes) { bytes.replace(bytes.find("clang 19"), 8, "clang 18"); });
  EXPECT_THAT(why(), AllOf(HasSubstr("was built with 'clang 18"), HasSubstr("rebuild the module")));
  write([](std::string& bytes) { bytes.replace(bytes.find("name: probe"), 11, "nome: probe"); });
  EXPECT_THAT(why(), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(why_not(container.install({.file = "/nowhere.so"})), HasSubstr("/nowhere.so"));
}

}  // namespace
}  // namespace probe
