#include "sofa/io/sim/disk.h"

#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "sofa/io/sim/process.h"

namespace sofa::io::sim {
namespace {

struct Machine {
  explicit Machine(std::uint64_t seed) : world(seed) {
    process.boot([](Process&) { return nullptr; });
  }
  Disk& disk() { return process.env().disk; }
  void write(const std::string& path, std::uint64_t offset, std::string_view text, bool sync) {
    const Handle file = *disk().open(path, true);
    EXPECT_TRUE(disk().write_at(file, offset, as_bytes(text)).has_value());
    if (sync) EXPECT_TRUE(disk().sync(file).has_value());
    disk().close(file);
  }
  /// The content, or nothing when there is no such file.
  std::optional<std::string> read(const std::string& path) {
    const auto file = disk().open(path, false);
    if (!file) return std::nullopt;
    std::string text(*disk().size(*file), '\0');
    EXPECT_EQ(disk().read_at(*file, 0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}), text.size());
    disk().close(*file);
    return text;
  }
  void cut_power() {
    process.kill(Death::kPowerCut);
    process.restart();
  }

  World world;
  Process& process = world.process("store");
};

TEST(DiskTest, ReadsWhatWasWritten) {
  Machine machine(1);
  machine.write("/log/a", 0, "hello", false);
  machine.write("/log/a", 7, "world", false);
  EXPECT_EQ(machine.read("/log/a"), std::string("hello\0\0world", 12));
  EXPECT_EQ(machine.disk().list("/log").value(), std::vector<std::string>{"a"});
  EXPECT_FALSE(machine.read("/log/b").has_value());
  machine.process.kill(Death::kKilled);  // the kernel keeps what the process wrote
  machine.process.restart();
  EXPECT_EQ(machine.read("/log/a"), std::string("hello\0\0world", 12));
}

TEST(DiskTest, WhatWasSyncedSurvivesEveryPowerCut) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Machine machine(seed);
    const std::string kept(1300, 'k');
    machine.write("/log/a", 0, kept, true);
    ASSERT_TRUE(machine.disk().sync_directory("/log").has_value());
    machine.write("/log/a", 1300, std::string(3000, 'n'), false);
    machine.cut_power();
    const auto text = machine.read("/log/a");
    ASSERT_TRUE(text.has_value());
    ASSERT_EQ(text->substr(0, 1300), kept) << "seed " << seed;
  }
}

TEST(DiskTest, WhatWasNotSyncedIsLostKeptTornOrNoise) {
  int lost = 0, kept = 0, torn = 0, noise = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Machine machine(seed);
    machine.write("/log/a", 0, std::string(1024, 'o'), true);
    ASSERT_TRUE(machine.disk().sync_directory("/log").has_value());
    machine.write("/log/a", 0, std::string(1024, 'n'), false);
    machine.cut_power();
    const std::string text = *machine.read("/log/a");
    const auto olds = std::count(text.begin(), text.end(), 'o'), news = std::count(text.begin(), text.end(), 'n');
    lost += olds == 1024;
    kept += news == 1024;
    torn += olds == 512 && news == 512;
    noise += olds + news < 1024;
  }
  EXPECT_GT(std::min({lost, kept, torn, noise}), 10);
}

TEST(DiskTest, NamesAreDurableOnlyAfterTheirDirectoryWasSynced) {
  int old_name = 0, new_name = 0, removed_back = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Machine machine(seed);
    machine.write("/log/old", 0, "x", true);
    machine.write("/log/other", 0, "y", true);
    ASSERT_TRUE(machine.disk().sync_directory("/log/").has_value());
    ASSERT_TRUE(machine.disk().rename("/log/old", "/log/new").has_value());
    ASSERT_TRUE(machine.disk().remove("/log/other").has_value());
    EXPECT_FALSE(machine.read("/log/old").has_value());
    if (seed % 2 == 0) ASSERT_TRUE(machine.disk().sync_directory("/log").has_value());
    machine.cut_power();
    const bool is_old = machine.read("/log/old").has_value(), is_new = machine.read("/log/new").has_value();
    ASSERT_NE(is_old, is_new) << "a rename is all or nothing";
    if (seed % 2 == 0) ASSERT_TRUE(is_new && !machine.read("/log/other").has_value());
    old_name += is_old;
    new_name += is_new;
    removed_back += machine.read("/log/other").has_value();
  }
  EXPECT_GT(std::min({old_name, new_name, removed_back}), 5);
}

TEST(DiskTest, AFailedSyncIsNotMadeGoodByTheNextOne) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed);
    const Handle file = *machine.disk().open("/log/a", true);
    ASSERT_TRUE(machine.disk().sync_directory("/log").has_value());
    ASSERT_TRUE(machine.disk().write_at(file, 0, as_bytes("precious")).has_value());
    machine.process.disk().set_errors(0, 1'000'000);
    EXPECT_FALSE(machine.disk().sync(file).has_value());
    machine.process.disk().set_errors(0, 0);
    EXPECT_TRUE(machine.disk().sync(file).has_value());
    machine.cut_power();
    lost += *machine.read("/log/a") != "precious";
  }
  EXPECT_GT(lost, 5);
}

TEST(DiskTest, FullDisksAndBadWritesSaySo) {
  Options options;
  options.disk.capacity = 1000;
  World world(1, options);
  Process& process = world.process("store");
  Disk& disk = process.env().disk;
  const Handle file = *disk.open("/a", true);
  EXPECT_TRUE(disk.write_at(file, 0, Bytes(1000)).has_value());
  EXPECT_TRUE(disk.write_at(file, 1, Bytes(1000)).error().is(IoError::kSystem));
  EXPECT_EQ(*disk.size(file), 1000u);
  process.disk().set_errors(1'000'000, 0);
  EXPECT_FALSE(disk.write_at(file, 0, Bytes(1)).has_value());
}

}  // namespace
}  // namespace sofa::io::sim
