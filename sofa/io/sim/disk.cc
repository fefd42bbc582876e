#include "sofa/io/sim/disk.h"

#include <algorithm>

#include "sofa/io/sim/process.h"

namespace sofa::io::sim {

namespace {

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string without_last_slash(const std::string& path) {
  return path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

struct SimDisk::OpenFile final : OpenObject {
  void on_close(bool) override {}
  std::shared_ptr<File> file;
  std::string path;
};

SimDisk::SimDisk(Process& process, Dice dice)
    : process_(process),
      dice_(dice),
      write_error_ppm_(process.world().options().disk.write_error_ppm),
      sync_error_ppm_(process.world().options().disk.sync_error_ppm) {}

Result<Handle> SimDisk::open(const std::string& path, bool create) {
  if (!process_.alive()) return fail(IoError::kStopped, "{} is dead", process_.name());
  if (process_.descriptors().full()) return fail(IoError::kNoHandles, "cannot open {}", path);
  const auto found = entries_.find(path);
  if (found == entries_.end() && !create) return fail(IoError::kSystem, "cannot open {}: no such file", path);
  auto open_file = std::make_shared<OpenFile>();
  open_file->path = path;
  if (found != entries_.end()) {
    open_file->file = found->second;
  } else {
    open_file->file = std::make_shared<File>();
    change({{path, open_file->file}});
  }
  return process_.descriptors().add(open_file);
}

Result<std::size_t> SimDisk::read_at(Handle handle, std::uint64_t offset, std::span<std::uint8_t> into) {
  const auto open_file = process_.descriptors().find<OpenFile>(handle);
  if (!open_file) return fail(IoError::kClosed, "read of a closed file");
  const Bytes& content = open_file->file->content;
  if (offset >= content.size()) return 0;
  const std::size_t size = std::min<std::size_t>(into.size(), content.size() - offset);
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), size, into.begin());
  return size;
}

Result<void> SimDisk::write_at(Handle handle, std::uint64_t offset, BytesView bytes) {
  const auto open_file = process_.descriptors().find<OpenFile>(handle);
  if (!open_file) return fail(IoError::kClosed, "write to a closed file");
  if (bytes.empty()) return {};
  File& file = *open_file->file;
  const std::uint64_t end = offset + bytes.size();
  const std::uint64_t growth = end > file.content.size() ? end - file.content.size() : 0;
  if (used() + growth > process_.world().options().disk.capacity) {
    return fail(IoError::kSystem, "cannot write to {}: the disk is full", open_file->path);
  }
  if (dice_.chance(write_error_ppm_)) return fail(IoError::kSystem, "cannot write to {}: I/O error", open_file->path);
  if (growth > 0) file.content.resize(end);
  std::copy(bytes.begin(), bytes.end(), file.content.begin() + static_cast<std::ptrdiff_t>(offset));
  const std::size_t sector = process_.world().options().disk.sector;
  for (std::uint64_t s = offset / sector; s <= (end - 1) / sector; ++s) file.dirty.insert(s);
  process_.world().trace(TraceKind::kDiskWrite, offset, hash_of(bytes));
  return {};
}

Result<void> SimDisk::sync(Handle handle) {
  const auto open_file = process_.descriptors().find<OpenFile>(handle);
  if (!open_file) return fail(IoError::kClosed, "sync of a closed file");
  File& file = *open_file->file;
  process_.charge(dice_.draw(process_.world().options().disk.sync));
  const bool fails = dice_.chance(sync_error_ppm_);
  process_.world().trace(TraceKind::kDiskSync, file.dirty.size(), fails);
  for (const std::uint64_t sector : file.dirty) {
    if (!fails || dice_.chance(500'000)) keep_sector(file, sector, false);
  }
  file.dirty.clear();
  if (fails) return fail(IoError::kSystem, "cannot sync {}: I/O error", open_file->path);
  return {};
}

Result<std::uint64_t> SimDisk::size(Handle handle) {
  const auto open_file = process_.descriptors().find<OpenFile>(handle);
  if (!open_file) return fail(IoError::kClosed, "size of a closed file");
  return open_file->file->content.size();
}

void SimDisk::close(Handle file) {
  process_.descriptors().close(file);
}

Result<void> SimDisk::rename(const std::string& from, const std::string& to) {
  const auto found = entries_.find(from);
  if (!process_.alive() || found == entries_.end()) {
    return fail(IoError::kSystem, "cannot rename {} to {}: no such file", from, to);
  }
  change({{to, found->second}, {from, nullptr}});
  return {};
}

Result<void> SimDisk::remove(const std::string& path) {
  if (!process_.alive() || !entries_.contains(path)) {
    return fail(IoError::kSystem, "cannot remove {}: no such file", path);
  }
  change({{path, nullptr}});
  return {};
}

Result<void> SimDisk::sync_directory(const std::string& path) {
  if (!process_.alive()) return fail(IoError::kStopped, "{} is dead", process_.name());
  const std::string directory = without_last_slash(path);
  process_.charge(dice_.draw(process_.world().options().disk.sync));
  process_.world().trace(TraceKind::kDiskEntry, changes_.size());
  std::erase_if(changes_, [&](const Change& change) {
    const bool here = std::any_of(change.begin(), change.end(),
                                  [&](const auto& name) { return directory_of(name.first) == directory; });
    if (here) apply(change, durable_entries_);
    return here;
  });
  return {};
}

Result<std::vector<std::string>> SimDisk::list(const std::string& path) {
  const std::string directory = without_last_slash(path);
  std::vector<std::string> result;
  for (const auto& [name, file] : entries_) {
    if (directory_of(name) == directory) result.push_back(name.substr(name.rfind('/') + 1));
  }
  return result;
}

void SimDisk::power_cut() {
  const std::size_t survives = dice_.below(changes_.size() + 1);
  for (std::size_t i = 0; i < survives; ++i) apply(changes_[i], durable_entries_);
  changes_.clear();
  entries_ = durable_entries_;
  std::set<File*> done;  // only asked whether it contains: its order, by address, is never seen
  for (auto& [name, shared] : entries_) {
    File& file = *shared;
    if (!done.insert(&file).second) continue;
    for (const std::uint64_t sector : file.dirty) {
      const std::uint64_t fate = dice_.below(10);
      if (fate < 5) keep_sector(file, sector, fate == 4);
    }
    file.dirty.clear();
    file.content = file.durable;
    process_.world().trace(TraceKind::kPowerCut, file.content.size(), hash_of(file.content));
  }
}

void SimDisk::set_errors(std::uint32_t write_ppm, std::uint32_t sync_ppm) {
  write_error_ppm_ = write_ppm;
  sync_error_ppm_ = sync_ppm;
}

void SimDisk::change(Change change) {
  apply(change, entries_);
  process_.world().trace(TraceKind::kDiskEntry, change.size(), hash_of(as_bytes(change.front().first)));
  changes_.push_back(std::move(change));
}

void SimDisk::apply(const Change& change, Entries& entries) {
  for (const auto& [name, file] : change) {
    if (file) {
      entries[name] = file;
    } else {
      entries.erase(name);
    }
  }
}

void SimDisk::keep_sector(File& file, std::uint64_t sector, bool noise) {
  const std::size_t size = process_.world().options().disk.sector;
  const std::size_t begin = sector * size;
  const std::size_t end = std::min(begin + size, file.content.size());
  const std::size_t old_size = file.durable.size();
  if (end > old_size) file.durable.resize(end);
  for (std::size_t i = begin; i < end; ++i) {
    const bool changed = i >= old_size || file.durable[i] != file.content[i];
    if (changed) file.durable[i] = noise ? static_cast<std::uint8_t>(dice_.next()) : file.content[i];
  }
}

std::uint64_t SimDisk::used() const {
  std::uint64_t total = 0;
  for (const auto& [name, file] : entries_) total += file->content.size();
  return total;
}

}  // namespace sofa::io::sim
