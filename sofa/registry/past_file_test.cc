#include "sofa/registry/past_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/io/posix/env.h"
#include "sofa/io/whole_file.h"

namespace sofa::registry {
namespace {

TEST(PastFile, KeepsWhoWasThereAndVersionsToCome) {
  io::Disk& disk = io::posix::env().disk;
  const std::string path = testing::TempDir() + "past";
  (void)disk.remove(path);
  EXPECT_TRUE(load_past(disk, path)->publishers.empty()) << "there is none yet";
  Presence::Past past{.publishers = {{"x.Y:1.0@DEFAULT#@#I#@#SOFA", {1, 7, 0xffffffff}}, {"测试 with blanks", {9}}},
                      .version = 1000};
  ASSERT_TRUE(save_past(disk, path, past));
  const Result<Presence::Past> back = load_past(disk, path);
  ASSERT_TRUE(back) << back.error().message();
  EXPECT_EQ(back->publishers, past.publishers);
  EXPECT_GT(back->version, past.version) << "what is given until the next save counts too";
  for (const char* damaged :
       {"", "nonsense", "sofa registry 2\n", "sofa registry 2\nx versions\n", "sofa registry 2\n7 versions\n00000001",
        "sofa registry 2\n7 versions\n0001 x\n", "sofa registry 2\n7 versions\n0000000200000001 x\n"}) {
    ASSERT_TRUE(io::replace_file(disk, path, path + ".new", as_bytes(std::string_view(damaged))));
    const Result<Presence::Past> refused = load_past(disk, path);
    ASSERT_FALSE(refused) << damaged;
    EXPECT_THAT(refused.error().message(), testing::HasSubstr("remove it to start without one"));
  }
  (void)disk.remove(path);
}

}  // namespace
}  // namespace sofa::registry
