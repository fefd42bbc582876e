// SimDisk: a file system that remembers only what it was told to keep.
//
// Reads see everything that was written. A power cut keeps what `sync` confirmed; of what was written since, each
// sector is by chance new, old or (only where it was overwritten) noise. Names (create, rename, remove) are durable
// once their directory was synced; of the changes since, a prefix by chance survives. A kill of the process alone loses
// nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sofa/io/env.h"
#include "sofa/io/sim/dice.h"

namespace sofa::io::sim {

class Process;

class SimDisk final : public Disk {
 public:
  SimDisk(Process& process, Dice dice);
  Result<Handle> open(const std::string& path, bool create) override;
  Result<std::size_t> read_at(Handle file, std::uint64_t offset, std::span<std::uint8_t> into) override;
  Result<void> write_at(Handle file, std::uint64_t offset, BytesView bytes) override;
  Result<void> sync(Handle file) override;
  Result<std::uint64_t> size(Handle file) override;
  void close(Handle file) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;

  /// Forgets, as a power cut would. All files must be closed (their process is dead).
  void power_cut();
  /// Chances of failure from now on, in a million. After a failed sync some sectors are durable, and a later sync does
  /// not help the others: Linux has marked their pages clean.
  void set_errors(std::uint32_t write_ppm, std::uint32_t sync_ppm);

 private:
  struct File {
    Bytes content;
    Bytes durable;
    std::set<std::uint64_t> dirty;  // sectors written since the last sync
  };
  struct OpenFile;
  using Entries = std::map<std::string, std::shared_ptr<File>>;
  /// A change of names that is not durable yet. No file: the name goes.
  using Change = std::vector<std::pair<std::string, std::shared_ptr<File>>>;

  void change(Change change);
  static void apply(const Change& change, Entries& entries);
  /// Makes one sector durable, or with `noise` the bytes of it that are not durable yet random.
  void keep_sector(File& file, std::uint64_t sector, bool noise);
  std::uint64_t used() const;

  Process& process_;
  Dice dice_;
  std::uint32_t write_error_ppm_ = 0;
  std::uint32_t sync_error_ppm_ = 0;
  Entries entries_;
  Entries durable_entries_;
  std::vector<Change> changes_;
};

}  // namespace sofa::io::sim
