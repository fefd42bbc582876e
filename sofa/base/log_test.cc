#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/log_setup.h"

namespace sofa::log {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// Gathers lines while it lives; puts level and target back.
class Capture {
 public:
  Capture() {
    redirect([this](Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~Capture() {
    redirect({});
    set_level(Level::kInfo);
  }
  std::vector<std::string> lines;
};

TEST(Log, WritesFromItsLevelOn) {
  Capture capture;
  debug("hidden {}", 1);
  info("shown {}", 2);
  set_level(Level::kError);
  warn("hidden {}", 3);
  EXPECT_FALSE(enabled(Level::kWarn));
  set_level(Level::kTrace);
  trace("shown {}", 4);
  set_level(Level::kOff);
  error("hidden");
  EXPECT_THAT(capture.lines, ElementsAre("shown 2", "shown 4"));
}

struct Costly {
  int* formatted;
};

}  // namespace
}  // namespace sofa::log

template <>
struct fmt::formatter<sofa::log::Costly> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const sofa::log::Costly& value, Context& context) const {
    ++*value.formatted;
    return context.out();
  }
};

namespace sofa::log {
namespace {

TEST(Log, FormatsNothingBelowTheLevel) {
  Capture capture;
  int formatted = 0;
  debug("{}", Costly{&formatted});
  EXPECT_EQ(formatted, 0);
  info("{}", Costly{&formatted});
  EXPECT_EQ(formatted, 1);
}

TEST(Log, APartWritesToTheProcessWithItsMark) {
  Capture capture;
  Logger part("module=accounts");
  part.debug("hidden");
  part.info("opened {}", kv("limit", 5));
  ASSERT_TRUE(configure(part, {.level = Level::kDebug}));
  part.debug("shown\n");
  set_level(Level::kError);
  part.info("its level is its own");
  EXPECT_THAT(capture.lines, ElementsAre("opened limit=5 module=accounts", "shown\\n module=accounts",
                                         "its level is its own module=accounts"));
}

TEST(Log, PartsThatShareAFileRotateItTogether) {
  Capture capture;
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "parts";
  std::filesystem::remove_all(folder);
  const Config config{.level = Level::kWarn, .file = folder / "part.log", .max_file_bytes = 4096, .kept_files = 20};
  constexpr int kLines = 200;
  {
    Logger old_version("module=a"), new_version("module=a");
    ASSERT_TRUE(configure(old_version, config));
    ASSERT_TRUE(configure(new_version, config));
    old_version.info("hidden");
    for (int i = 0; i < kLines; ++i) (i % 2 ? old_version : new_version).warn("line {}", i);
  }
  std::size_t lines = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream text(file.path());
    for (std::string line; std::getline(text, line);) lines += line.find(" W line ") != line.npos;
  }
  EXPECT_EQ(lines, kLines);
  EXPECT_THAT(capture.lines, testing::IsEmpty());
  std::filesystem::remove_all(folder);
}

TEST(Log, WritesKeysAndValues) {
  Capture capture;
  info("call {} {} {} {}", kv("peer", "10.0.0.1:12200"), kv("code", 7), kv("text", "two words"), kv("none", ""));
  info("{}", kv("q", R"(say "hi" \ k=v)"));
  EXPECT_THAT(capture.lines,
              ElementsAre(R"(call peer=10.0.0.1:12200 code=7 text="two words" none="")", R"(q="say \"hi\" \\ k=v")"));
}

TEST(Log, LetsNobodyForgeALine) {
  Capture capture;
  info("name {}", "a\n2024-01-01 E forged\x1b[31m\x7f");
  EXPECT_THAT(capture.lines, ElementsAre("name a\\n2024-01-01 E forged\\x1b[31m\\x7f"));
}

TEST(Log, NeverShowsASecret) {
  Capture capture;
  Secret token(std::string("hunter") + "2");
  info("{} {}", token, kv("token", token));
  EXPECT_THAT(capture.lines, ElementsAre("*** token=***"));
  EXPECT_EQ(token.reveal(), "hunter2");
  Secret moved = std::move(token);
  EXPECT_TRUE(token.empty());
  EXPECT_EQ(moved.reveal(), "hunter2");
}

TEST(Log, HoldsRepeatedEventsBack) {
  Throttle throttle(1s);
  EXPECT_EQ(throttle.admit(5s), 0u);
  EXPECT_EQ(throttle.admit(5500ms), std::nullopt);
  EXPECT_EQ(throttle.admit(5999ms), std::nullopt);
  EXPECT_EQ(throttle.admit(6s), 2u);
  EXPECT_EQ(throttle.admit(8s), 0u);
  Doubling doubling;
  std::vector<std::uint64_t> told;
  for (int i = 0; i < 20; ++i) {
    if (auto count = doubling.admit()) told.push_back(*count);
  }
  EXPECT_THAT(told, ElementsAre(1, 2, 4, 8, 16));
}

TEST(Log, WritesAndRotatesAFile) {
  const std::filesystem::path folder = testing::TempDir() + "sofa_log_test";
  std::filesystem::remove_all(folder);
  const std::string file = folder / "own.log";
  auto config = config::load<Config>(
      fmt::format("{{level: debug, file: '{}', max_file_bytes: 4096, kept_files: 2}}", file), "log.yaml");
  ASSERT_TRUE(config) << config.error().what();
  ASSERT_TRUE(configure(*config));
  debug("first {}", kv("n", 1));
  std::ifstream in(file);
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  EXPECT_THAT(line, testing::MatchesRegex(".*T.* D first n=1"));
  for (int i = 0; i < 500; ++i) info("filling {}", std::string(100, 'x'));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_LE(std::filesystem::file_size(entry), 4096u + 200u);
    ++files;
  }
  EXPECT_EQ(files, 3u);
  ASSERT_TRUE(configure({}));
  std::filesystem::remove_all(folder);
}

TEST(Log, SaysWhenAFileCannotBeOpened) {
  auto refused = configure({.file = "/proc/no/such/place.log"});
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(LogError::kCannotOpen));
  EXPECT_THAT(refused.error().message(), HasSubstr("/proc/no/such/place.log"));
}

}  // namespace
}  // namespace sofa::log
