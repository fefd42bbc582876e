#include "sofa/observe/rolling_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/sim/world.h"
#include "sofa/observe/digest.h"

namespace sofa::observe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr WallTime kNoon{std::chrono::sys_days(std::chrono::year(2018) / 5 / 20) + 12h};

class RollingFileTest : public testing::Test {
 protected:
  RollingFile& make(RollingFile::Options options = {}) {
    options.folder = "logs";
    options.name = "a.log";
    return file.emplace(process.disk(), options);
  }
  std::string line(WallTime at, std::string_view text = "x") {
    std::string out = "{\"timestamp\":\"";
    append_time(out, at, 0min);
    return out.append("\",\"t\":\"").append(text).append("\"}\n");
  }
  void append(WallTime at, std::string_view text = "x") {
    const auto done = file->append(line(at, text), at);
    EXPECT_TRUE(done) << done.error().what();
  }
  std::vector<std::string> names() { return *process.disk().list("logs"); }
  std::string content(const std::string& name) {
    const io::Handle handle = *process.disk().open("logs/" + name, false);
    Bytes bytes(*process.disk().size(handle));
    EXPECT_EQ(process.disk().read_at(handle, 0, bytes).value_or(0), bytes.size());
    process.disk().close(handle);
    return std::string(as_text(bytes));
  }

  io::sim::World world{3};
  io::sim::Process& process = world.process("bank");
  std::optional<RollingFile> file;
};

TEST_F(RollingFileTest, AppendsToWhatIsThere) {
  make();
  append(kNoon, "one");
  make();
  append(kNoon, "two");
  EXPECT_EQ(content("a.log"), line(kNoon, "one") + line(kNoon, "two"));
}

TEST_F(RollingFileTest, WithoutLinesThereIsNoFile) {
  make();
  EXPECT_TRUE(file->append("", kNoon));
  EXPECT_THAT(names(), ElementsAre());
}

TEST_F(RollingFileTest, RollsEachDayUnderTheDayOfItsLines) {
  make();
  append(kNoon, "sunday");
  append(kNoon + 24h, "monday");
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "a.log.2018-05-20"));
  EXPECT_EQ(content("a.log.2018-05-20"), line(kNoon, "sunday"));
  make();  // a process that starts days later
  append(kNoon + 72h, "thursday");
  EXPECT_EQ(content("a.log.2018-05-21"), line(kNoon + 24h, "monday"));
}

TEST_F(RollingFileTest, TheDayIsThatOfTheOffset) {
  make({.offset = 13h});
  append(kNoon - 2h);
  append(kNoon);
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "a.log.2018-05-20"));
}

// The names and contents of a day with three files.
std::vector<std::string> after_rolling_by_size(RollingFileTest&, io::sim::Process& process) {
  RollingFile file(process.disk(), {.folder = "sized", .name = "b.log", .most_bytes = 10});
  for (const std::string_view text : {"first....\n", "second...\n", "third....\n"}) {
    EXPECT_TRUE(file.append(text, kNoon));
  }
  return *process.disk().list("sized");
}

TEST_F(RollingFileTest, RollsAtASizeAndLosesNoFile) {
  EXPECT_THAT(after_rolling_by_size(*this, process),
              UnorderedElementsAre("b.log", "b.log.2018-05-20", "b.log.2018-05-20.1"));
}

#ifdef SOFA_MUTANTS
TEST_F(RollingFileTest, ATestFindsARollThatOverwrites) {
  activate_mutant("roll-overwrites");
  EXPECT_THAT(after_rolling_by_size(*this, process), UnorderedElementsAre("b.log", "b.log.2018-05-20"));
  activate_mutant(nullptr);
}
#endif

TEST_F(RollingFileTest, KeepsSoManyOldFilesAndTouchesNoOthers) {
  const io::Handle other = *process.disk().open("logs/a.log.bak", true);
  process.disk().close(other);
  make({.most_bytes = 10, .kept_files = 3});
  for (int day = 0; day < 2; ++day) {
    for (int i = 0; i < 12; ++i) append(kNoon + day * 24h);
  }
  EXPECT_THAT(names(), UnorderedElementsAre("a.log", "a.log.bak", "a.log.2018-05-21.8", "a.log.2018-05-21.9",
                                            "a.log.2018-05-21.10"));
}

TEST_F(RollingFileTest, TriesAgainAfterAFailure) {
  make();
  append(kNoon, "one");
  process.disk().set_errors(1'000'000, 0);
  EXPECT_FALSE(file->append(line(kNoon, "lost"), kNoon));
  process.disk().set_errors(0, 0);
  append(kNoon, "two");
  EXPECT_EQ(content("a.log").substr(0, line(kNoon, "one").size()), line(kNoon, "one"));
  EXPECT_TRUE(content("a.log").ends_with(line(kNoon, "two")));
}

}  // namespace
}  // namespace sofa::observe
