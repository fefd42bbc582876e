#include "sofa/base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank {

// The example of the header, grown: what a component writes beside itself.
enum class Level { kInfo, kDebug };
inline std::span<const std::pair<std::string_view, Level>> config_names(Level) {
  static constexpr std::pair<std::string_view, Level> kNames[] = {{"info", Level::kInfo}, {"debug", Level::kDebug}};
  return kNames;
}

struct Listener {
  std::string host = "127.0.0.1";
  std::uint16_t port = 12200;
  std::chrono::milliseconds idle_timeout{90'000};
};
inline const sofa::config::Schema& config_schema(const Listener*) {
  static const sofa::config::Schema schema = sofa::config::schema<Listener>({
      sofa::config::key<&Listener::host>("host", "address to listen on", {.min = 1}),
      sofa::config::key<&Listener::port>("port", "TCP port", {.min = 1}),
      sofa::config::key<&Listener::idle_timeout>("idle_timeout_ms", "close a silent connection after", {.min = 1000}),
  });
  return schema;
}

struct Config {
  std::string name;
  Level level = Level::kInfo;
  bool strict = true;
  double sample_ratio = 0.5;
  std::int64_t max_frame_bytes = 1 << 20;
  sofa::Secret token;
  std::optional<int> shards;
  std::vector<Listener> listeners;
  std::map<std::string, Listener> named;
  std::vector<std::string> tags;
  Listener admin{.port = 9000};
  std::chrono::seconds grace{5};
};
inline const sofa::config::Schema& config_schema(const Config*) {
  using sofa::config::key;
  static const sofa::config::Schema schema = sofa::config::schema<Config>({
      key<&Config::name>("name", "what the process is called", {.required = true}),
      key<&Config::level>("level", "how much is logged"),
      key<&Config::strict>("strict", "refuse rather than repair"),
      key<&Config::sample_ratio>("sample_ratio", "share of calls traced", {.min = 0, .max = 1}),
      key<&Config::max_frame_bytes>("max_frame_bytes", "largest frame taken", {.min = 1024, .max = 1 << 26}),
      key<&Config::token>("token", "what callers must show"),
      key<&Config::shards>("shards", "threads; one per core by default", {.min = 1, .max = 256}),
      key<&Config::listeners>("listeners", "where calls come in", {.max = 3}),
      key<&Config::named>("named", "further listeners by name"),
      key<&Config::tags>("tags", "free labels"),
      key<&Config::admin>("admin", "where operators come in"),
      key<&Config::grace>("grace_seconds", "how long stopping may take"),
  });
  return schema;
}

}  // namespace bank

namespace sofa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> problems_of(std::string_view text) {
  bank::Config config;
  std::vector<std::string> lines;
  for (const Problem& problem : read(text, "bank.yaml", config)) lines.push_back(problem.to_string());
  return lines;
}

TEST(Config, ReadsEveryKind) {
  auto config = load<bank::Config>(R"(# a whole file
name: bank
level: debug
strict: false
sample_ratio: 0.25
max_frame_bytes: 4096
token: hunter
shards: 2
listeners:
  - {host: 0.0.0.0, port: 1234}
  - port: 65535
    idle_timeout_ms: 1500
named: {inner: {port: 7}, "outer": {}}
tags: [a, "b c", 12]
admin:
  port: 9999
grace_seconds: 30
)",
                                   "bank.yaml");
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_EQ(config->name, "bank");
  EXPECT_EQ(config->level, bank::Level::kDebug);
  EXPECT_FALSE(config->strict);
  EXPECT_EQ(config->sample_ratio, 0.25);
  EXPECT_EQ(config->max_frame_bytes, 4096);
  EXPECT_EQ(config->token.reveal(), "hunter");
  EXPECT_EQ(config->shards, 2);
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].host, "0.0.0.0");
  EXPECT_EQ(config->listeners[0].idle_timeout, std::chrono::seconds(90)) << "defaults hold in list elements";
  EXPECT_EQ(config->listeners[1].port, 65535);
  EXPECT_EQ(config->listeners[1].idle_timeout.count(), 1500);
  EXPECT_EQ(config->named.at("inner").port, 7);
  EXPECT_EQ(config->named.at("outer").port, 12200);
  EXPECT_THAT(config->tags, ElementsAre("a", "b c", "12"));
  EXPECT_EQ(config->admin.port, 9999);
  EXPECT_EQ(config->grace.count(), 30);
}

TEST(Config, KeepsDefaults) {
  auto config = load<bank::Config>("name: x\nadmin:\nshards:\n", "bank.yaml");
  ASSERT_TRUE(config) << config.error().what();
  EXPECT_EQ(config->admin.port, 9000);
  EXPECT_EQ(config->shards, std::nullopt);
}

TEST(Config, NamesTheNearestKey) {
  EXPECT_THAT(problems_of("name: x\nlisteners:\n  - host: a\n    prot: 1\n"),
              ElementsAre("bank.yaml:4: listeners[0].prot: unknown key, did you mean 'port'?"));
  EXPECT_THAT(problems_of("name: x\nmax_frame_byte: 1\n"),
              ElementsAre("bank.yaml:2: max_frame_byte: unknown key, did you mean 'max_frame_bytes'?"));
  EXPECT_THAT(problems_of("name: x\nadmin: {zzzzzzzzzz: 1}\n"),
              ElementsAre("bank.yaml:2: admin.zzzzzzzzzz: unknown key; known are: host, port, idle_timeout_ms"));
}

TEST(Config, TellsAllThatIsWrongAtOnce) {
  EXPECT_THAT(
      problems_of(R"(level: debgu
strict: yes
sample_ratio: 1.5
max_frame_bytes: 12
max_frame_bytes: 4096
shards: 2.5
listeners: {}
named: {a: {port: 0}, a: {}}
tags: [[1]]
admin: 5
grace_seconds: "30"
token: [1]
)"),
      ElementsAre("bank.yaml:1: level: 'debgu' is no such value, did you mean 'debug'?",
                  "bank.yaml:2: strict: expected true or false, found 'yes'",
                  "bank.yaml:3: sample_ratio: 1.5 is above 1", "bank.yaml:4: max_frame_bytes: 12 is below 1024 bytes",
                  "bank.yaml:5: max_frame_bytes: is given twice",
                  "bank.yaml:6: shards: expected an integer, found '2.5'",
                  "bank.yaml:7: listeners: expected a list, found a section", "bank.yaml:8: named.a.port: 0 is below 1",
                  "bank.yaml:8: named: 'a' is given twice", "bank.yaml:9: tags[0]: expected text, found a list",
                  "bank.yaml:10: admin: expected a section of keys",
                  "bank.yaml:11: grace_seconds: expected an integer of seconds, found '30'",
                  "bank.yaml:12: token: expected text, found a list",
                  "bank.yaml:1: name: is required: what the process is called"));
}

TEST(Config, RefusesNumbersThatDoNotFit) {
  EXPECT_THAT(problems_of("{name: x, admin: {port: 70000}}"),
              ElementsAre("bank.yaml:1: admin.port: 70000 is above 65535"));
  EXPECT_THAT(problems_of("{name: x, shards: 99999999999999999999}"),
              ElementsAre("bank.yaml:1: shards: 99999999999999999999 is beyond 64 bits"));
  for (const char* number : {".nan", "nan", "inf", "1e999", "0x10", "", "1 2"}) {
    EXPECT_EQ(problems_of(fmt::format("name: x\nsample_ratio: {}\n", number)).size(), 1u) << number;
  }
}

TEST(Config, IsBounded) {
  EXPECT_THAT(problems_of("a: &x 1\nb: *x\n"), ElementsAre(HasSubstr("anchors and aliases")));
  EXPECT_THAT(problems_of("name: !!str x\n"), ElementsAre(HasSubstr("tags")));
  EXPECT_THAT(problems_of("name: x\n---\nname: y\n"), ElementsAre(HasSubstr("second document")));
  EXPECT_THAT(problems_of("name: " + std::string(1000, '[') + std::string(1000, ']')),
              ElementsAre(HasSubstr("nested deeper than 32")));
  EXPECT_THAT(problems_of("name: " + std::string(2 << 20, 'x')), ElementsAre(HasSubstr("bytes: the limit")));
  std::string many = "tags: [";
  for (int i = 0; i < 60'000; ++i) many += "a,";
  EXPECT_THAT(problems_of(many + "]"), ElementsAre(HasSubstr("more than 50000 values")));
  std::string unknown;
  for (int i = 0; i < 5000; ++i) unknown += fmt::format("k{}: 1\n", i);
  EXPECT_EQ(problems_of(unknown).size(), 100u);
  EXPECT_THAT(problems_of("{name: x, listeners: [{},{},{},{}]}"),
              ElementsAre("bank.yaml:1: listeners: length 4 is above 3"));
}

TEST(Config, SaysWhereSyntaxBreaks) {
  auto problems = problems_of("name: x\nlevel: [debug\nstrict: true\n");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], testing::StartsWith("bank.yaml:"));
  EXPECT_THAT(problems_of("? [a]\n: b\n"), ElementsAre(HasSubstr("a key must be a plain word")));
  EXPECT_THAT(problems_of("name: x\nlevel: \"\xe2\xe2\"\n"), ElementsAre("bank.yaml:2: text that is not UTF-8"));
  EXPECT_THAT(problems_of("name: x\n\xff: 1\n"), ElementsAre("bank.yaml:2: text that is not UTF-8"));
  EXPECT_THAT(problems_of("just text"), ElementsAre("bank.yaml:1: expected a section of keys"));
  EXPECT_THAT(problems_of(""), ElementsAre("bank.yaml:1: name: is required: what the process is called"));
}

TEST(Config, GivesOneErrorOfAll) {
  auto config = load<bank::Config>("nme: x\nshards: 0\n", "bank.yaml");
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().is(ConfigError::kUnknownKey));
  EXPECT_EQ(config.error().message(),
            "bank.yaml:1: nme: unknown key, did you mean 'name'?\nbank.yaml:2: shards: 0 is below 1\n"
            "bank.yaml:1: name: is required: what the process is called");
}

TEST(Config, WritesItsOwnPage) {
  const std::string page = to_markdown(config_schema(static_cast<const bank::Config*>(nullptr)));
  EXPECT_THAT(page, HasSubstr("| `level` | one of info, debug | `info` |  | how much is logged |\n"));
  EXPECT_THAT(page,
              HasSubstr("| `max_frame_bytes` | integer | `1048576` | 1024 to 67108864 | largest frame taken |\n"));
  EXPECT_THAT(page, HasSubstr("| `listeners[].port` | integer | `12200` | at least 1 | TCP port |\n"));
  EXPECT_THAT(page, HasSubstr("| `name` | text |  | required | what the process is called |\n"));
  EXPECT_THAT(page, HasSubstr("| `named.*.idle_timeout_ms` | milliseconds | `90000` | at least 1000 |"));
}

}  // namespace
}  // namespace sofa::config
