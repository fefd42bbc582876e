// sofa import: headers of real jars; tests/imported compiles and uses them.
#include <cstdio>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sofa/cli/run_binary.h"

namespace sofa::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kBank = SOFA_SOURCE_DIR "/tests/golden/java/bank-facade.jar";
constexpr const char* kShop = SOFA_SOURCE_DIR "/tests/golden/java/shop-facade.jar";

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A path in the folder for temporary files, removed again.
class Out {
 public:
  Out() : path_(::testing::TempDir() + "sofa-import-" + std::to_string(getpid()) + ".h") {}
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  ~Out() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Import, PrintsTheHeader) {
  const Ran ran = run_sofa({"import", kShop});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_EQ(ran.out, text_of(SOFA_SOURCE_DIR "/tests/golden/java/shop_facade.h"));
}

TEST(Import, WritesAFileAndSaysWhatIsInIt) {
  const Out out;
  const Ran ran = run_sofa({"import", kBank, "-o", out.path(), "--namespace", "imported"});
  EXPECT_EQ(ran.exit, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("services 2, structs 5, enums 1, exceptions 2, choices 0, of 10 classes"));
  EXPECT_EQ(text_of(out.path()), text_of(SOFA_SOURCE_DIR "/tests/golden/java/bank_facade.h"));
}

TEST(Import, SaysItInJsonToo) {
  const Out out;
  const Ran ran = run_sofa({"import", kShop, "-o", out.path(), "--json"});
  ASSERT_EQ(ran.exit, 0) << ran.err;
  const json said = json::parse(ran.out);
  EXPECT_EQ(said["services"], json::parse(R"([{"name":"dev.sofa.shop.OrderService","methods":17,"left_out":0}])"));
  EXPECT_EQ(said["structs"], 11);
  EXPECT_EQ(said["values"].size(), 3U);
  EXPECT_EQ(said["values"][2]["class"], "dev.sofa.shop.Attributes");
  EXPECT_EQ(said["passed_over"][0], "dev.sofa.shop.UploadService: upload has java.io.InputStream");
}

TEST(Import, SaysWhatIsWrong) {
  const Ran no_jar = run_sofa({"import", SOFA_SOURCE_DIR "/README.md"});
  EXPECT_EQ(no_jar.exit, 1);
  EXPECT_THAT(no_jar.err, AllOf(HasSubstr("cannot read"), HasSubstr("README.md"), HasSubstr("a jar or a class file")));
  const Ran unknown = run_sofa({"import", kBank, "--interface", "Nope"});
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_THAT(unknown.err, HasSubstr("Nope is not among the 10 classes of the jar"));
  EXPECT_EQ(run_sofa({"import", "/nowhere/x.jar"}).exit, 2);
  EXPECT_EQ(run_sofa({"import", kBank, "--namespace", "class"}).exit, 2);
  EXPECT_EQ(run_sofa({"import", kBank, "--json"}).exit, 2) << "JSON is about the file";
  EXPECT_THAT(run_sofa({"import", kBank, "-o", "/nowhere/x.h"}).err, HasSubstr("cannot write /nowhere/x.h"));
}

}  // namespace
}  // namespace sofa::cli
