// sofa completion: what the shell offers, asked of a real bash through the function that `complete -F` names.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/cli/run_binary.h"

namespace sofa::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// What bash offers for the last of `words`.
std::vector<std::string> offered(const std::string& words) {
  const std::string ask =
      "\nCOMP_WORDS=(" + words +
      ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
      "$(complete -p sofa | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); printf '%s\\n' \"${COMPREPLY[@]}\"\n";
  const Ran ran = run_program("/bin/bash", {"--norc", "-u"}, run_sofa({"completion", "bash"}).out + ask);
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  std::vector<std::string> lines;
  std::istringstream in(ran.out);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

TEST(Completion, OffersCommandsAndTheirOwn) {
  EXPECT_THAT(offered("sofa ''"), AllOf(Contains("serve"), Contains("call"), Contains("completion")));
  EXPECT_THAT(offered("sofa dec"), ElementsAre("decode"));
  EXPECT_THAT(offered("sofa config ''"), ElementsAre("check", "docs"));
  EXPECT_THAT(offered("sofa --v"), ElementsAre("--version"));
}

TEST(Completion, OffersOptionsOfTheCommandOnly) {
  EXPECT_THAT(offered("sofa serve --q"), ElementsAre("--quiet"));
  EXPECT_THAT(offered("sofa serve bank.yaml --gr"), ElementsAre("--grace"));
  EXPECT_THAT(offered("sofa config check --"), AllOf(Contains("--json"), Not(Contains("--grace"))));
  EXPECT_THAT(offered("sofa config --"), Not(Contains("--json")));
}

TEST(Completion, OffersChoicesInTheirPlace) {
  EXPECT_THAT(offered("sofa completion ''"), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(offered("sofa decode --typed he"), ElementsAre("hessian"));
  EXPECT_THAT(offered("sofa decode hessian ''"), IsEmpty()) << "files: the shell's own matter";
}

TEST(Completion, KnowsTheValueOfAnOption) {
  EXPECT_THAT(offered("sofa serve --grace ''"), IsEmpty());
  // A value is no command, whatever it is called, and not the first plain word either.
  EXPECT_THAT(offered("sofa bench --rate decode --j"), ElementsAre("--json"));
  EXPECT_THAT(offered("sofa config check --json"), ElementsAre("--json"));
}

TEST(Completion, EveryShellKnowsEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = run_sofa({"completion", shell});
    EXPECT_EQ(ran.exit, 0);
    for (const char* command : {"'sofa serve'", "'sofa config check'"})
      EXPECT_THAT(ran.out, HasSubstr(command)) << shell;
  }
  EXPECT_EQ(run_sofa({"completion", "tcsh"}).exit, 2);
}

}  // namespace
}  // namespace sofa::cli
