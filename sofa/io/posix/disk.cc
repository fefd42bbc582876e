#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

class FileDisk final : public Disk {
 public:
  Result<Handle> open(const std::string& path, bool create) override {
    int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    // A file that others keep, on a mount that is theirs, may still be read.
    if (file < 0 && !create && (errno == EACCES || errno == EROFS)) file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return system_failure("opening " + path, errno);
    return Handle{file};
  }

  Result<std::size_t> read_at(Handle file, std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t got = pread(fd(file), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return system_failure("reading a file", errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> write_at(Handle file, std::uint64_t offset, BytesView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = pwrite(fd(file), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return system_failure("writing a file", errno);
      offset += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync(Handle file) override {
    if (fdatasync(fd(file)) != 0) return system_failure("syncing a file", errno);
    return {};
  }

  Result<std::uint64_t> size(Handle file) override {
    struct stat status;
    if (fstat(fd(file), &status) != 0) return system_failure("asking for a file's size", errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  void close(Handle file) override { ::close(fd(file)); }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return system_failure("renaming " + from + " to " + to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (unlink(path.c_str()) != 0) return system_failure("removing " + path, errno);
    return {};
  }

  Result<void> sync_directory(const std::string& path) override {
    const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return system_failure("opening the directory " + path, errno);
    const int done = fsync(directory);
    const int error = errno;
    ::close(directory);
    if (done != 0) return system_failure("syncing the directory " + path, error);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    DIR* directory = opendir(path.c_str());
    if (!directory) return system_failure("listing " + path, errno);
    std::vector<std::string> names;
    while (const dirent* entry = readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
  }
};

}  // namespace

std::unique_ptr<Disk> make_disk() {
  return std::make_unique<FileDisk>();
}

}  // namespace sofa::io::posix
