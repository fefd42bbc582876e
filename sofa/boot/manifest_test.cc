#include "sofa/boot/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ManifestFile, SaysAll) {
  const Manifest manifest = load_manifest(R"(
name: transfers
version: 1.2.0
requires: [accounts, points]
provides: [dev.sofa.bank.TransferService]
profile: [east, "!test"]
isolation: process
limits: {memory_mb: 64, cpu_percent: 50}
config:
  limit: {type: integer, default: 5, doc: the most}
  motto: {type: text, doc: what it says}
)",
                                          "module.yaml")
                                .value();
  EXPECT_EQ(manifest.name, "transfers");
  EXPECT_EQ(manifest.version, "1.2.0");
  EXPECT_THAT(manifest.requires_modules, ElementsAre("accounts", "points"));
  EXPECT_EQ(manifest.isolation, Isolation::kProcess);
  EXPECT_EQ(manifest.limits.memory_mb, 64U);
  EXPECT_EQ(manifest.config.at("limit").default_value, "5");
  EXPECT_FALSE(manifest.config.at("motto").default_value.has_value());
}

TEST(ManifestFile, MayHaveSofaBootsNames) {
  const Manifest manifest = load_manifest(
                                "Module-Name=com.bank.transfers\nRequire-Module=accounts;x=y, points\n"
                                "Spring-Parent=common\nModule-Profile=dev,!prod\n",
                                "sofa-module.properties")
                                .value();
  EXPECT_EQ(manifest.name, "com.bank.transfers");
  EXPECT_THAT(manifest.requires_modules, ElementsAre("accounts", "points", "common"));
  EXPECT_THAT(manifest.profile, ElementsAre("dev", "!prod"));
}

TEST(ManifestFile, IsRefusedWithEveryReason) {
  const auto why = [](const char* text) { return load_manifest(text, "module.yaml").error().message(); };
  EXPECT_THAT(why("version: 1.0.0"), HasSubstr("name: is missing"));
  EXPECT_THAT(why("nome: x"), HasSubstr("did you mean 'name'?"));
  EXPECT_THAT(why("name: x\nrequires: [x]"), HasSubstr("'x' requires itself"));
  EXPECT_THAT(why("name: a/b"), HasSubstr("other signs"));
  EXPECT_THAT(why("name: x\nversion: ../2"), HasSubstr("other signs"));
  EXPECT_THAT(why("name: x\nisolation: vm"), HasSubstr("isolation"));
}

TEST(ManifestFile, IsInItsProfilesOnly) {
  const auto manifest = [](std::vector<std::string> profile) {
    Manifest made;
    made.profile = std::move(profile);
    return made;
  };
  EXPECT_TRUE(manifest({}).is_in({}));
  EXPECT_TRUE(manifest({}).is_in({"dev"}));
  EXPECT_FALSE(manifest({"dev"}).is_in({}));
  EXPECT_TRUE(manifest({"dev", "test"}).is_in({"test"}));
  EXPECT_TRUE(manifest({"!prod"}).is_in({"dev"}));
  EXPECT_FALSE(manifest({"!prod"}).is_in({"prod"}));
}

}  // namespace
}  // namespace sofa::boot
