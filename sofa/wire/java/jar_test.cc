#include "sofa/wire/java/jar.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sofa/wire/java/golden_test.h"

namespace sofa::java {
namespace {

JavaError code_of(const Error& error) {
  return static_cast<JavaError>(error.code());
}

/// The end record of the golden jar, which has no comment, is its last 22 bytes.
std::size_t end_of(const Bytes& jar) {
  return jar.size() - 22;
}
std::size_t directory_of(const Bytes& jar) {
  const std::size_t at = end_of(jar) + 16;
  return jar[at] | static_cast<std::size_t>(jar[at + 1]) << 8;
}

const Jar::File& file_named(const Jar& jar, std::string_view name) {
  return *std::find_if(jar.files().begin(), jar.files().end(), [&](const Jar::File& f) { return f.name == name; });
}

constexpr std::string_view kLeg = "dev/sofa/bank/Leg.class";

TEST(Jar, GivesItsFiles) {
  const Bytes bytes = bank_jar();
  auto jar = Jar::open(bytes);
  ASSERT_TRUE(jar) << jar.error().message();
  int classes = 0;
  Bytes content;
  for (const Jar::File& file : jar->files()) {
    if (!file.name.ends_with(".class")) continue;
    ++classes;
    ASSERT_TRUE(jar->read(file, content)) << file.name;
    EXPECT_EQ(content.size(), file.size);
    EXPECT_EQ(content[0], 0xca);
  }
  EXPECT_EQ(classes, 10);
}

TEST(Jar, NeedsADirectory) {
  const Bytes bytes = bank_jar();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto jar = Jar::open(BytesView(bytes).first(size));
    ASSERT_FALSE(jar) << size;
    EXPECT_EQ(code_of(jar.error()), JavaError::kNotAJar);
  }
}

TEST(Jar, FindsWhatDoesNotFit) {
  Bytes bytes = bank_jar();
  const std::size_t data = [&] {
    auto jar = Jar::open(bytes);
    return file_named(*jar, kLeg).offset + 30 + kLeg.size() + 8;
  }();
  bytes[data] ^= 0x55;
  auto jar = Jar::open(bytes);
  ASSERT_TRUE(jar);
  Bytes content;
  const auto read = jar->read(file_named(*jar, kLeg), content);
  ASSERT_FALSE(read);
  EXPECT_EQ(code_of(read.error()), JavaError::kDamaged);
}

TEST(Jar, FindsAWrongChecksum) {
  const Bytes bytes = bank_jar();
  auto jar = Jar::open(bytes);
  Jar::File file = file_named(*jar, kLeg);
  file.crc ^= 1;
  Bytes content;
  const auto read = jar->read(file, content);
  ASSERT_FALSE(read);
  EXPECT_EQ(code_of(read.error()), JavaError::kDamaged);
}

TEST(Jar, RefusesADirectoryThatIsElsewhere) {
  Bytes bytes = bank_jar();
  bytes[directory_of(bytes)] ^= 1;
  const auto jar = Jar::open(bytes);
  ASSERT_FALSE(jar);
  EXPECT_EQ(code_of(jar.error()), JavaError::kDamaged);
}

TEST(Jar, IsBounded) {
  const Bytes bytes = bank_jar();
  EXPECT_EQ(code_of(Jar::open(bytes, {.files = 3}).error()), JavaError::kTooLarge);
  Bytes content;

  auto small = Jar::open(bytes, {.file_bytes = 100});
  EXPECT_EQ(code_of(small->read(file_named(*small, kLeg), content).error()), JavaError::kTooLarge);

  // The same file again and again is charged each time.
  auto in_all = Jar::open(bytes, {.inflated_bytes = 2000});
  const Jar::File leg = file_named(*in_all, kLeg);
  std::size_t taken = 0;
  while (in_all->read(leg, content)) ASSERT_LE(taken += leg.size, 2000u);
  EXPECT_GT(taken, 0u);

  auto bomb = Jar::open(bytes);
  Jar::File swollen = leg;
  swollen.size = 3u << 20;
  swollen.packed = 10;
  EXPECT_EQ(code_of(bomb->read(swollen, content).error()), JavaError::kTooLarge);
}

TEST(Jar, RefusesWhatItCannotRead) {
  const Bytes bytes = bank_jar();
  auto jar = Jar::open(bytes);
  Bytes content;
  Jar::File file = file_named(*jar, kLeg);
  file.flags |= 1;
  EXPECT_EQ(code_of(jar->read(file, content).error()), JavaError::kUnsupported);
  file = file_named(*jar, kLeg);
  file.method = 12;
  EXPECT_EQ(code_of(jar->read(file, content).error()), JavaError::kUnsupported);
  file = file_named(*jar, kLeg);
  file.offset = 0xfffffff0;
  EXPECT_EQ(code_of(jar->read(file, content).error()), JavaError::kDamaged);
}

}  // namespace
}  // namespace sofa::java
