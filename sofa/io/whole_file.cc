#include "sofa/io/whole_file.h"

#include <algorithm>

namespace sofa::io {
namespace {

/// Closes a file that was opened.
class OpenFile {
 public:
  OpenFile(Disk& disk, Handle handle) : disk_(disk), handle_(handle) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { disk_.close(handle_); }

 private:
  Disk& disk_;
  const Handle handle_;
};

}  // namespace

Result<Bytes> read_file(Disk& disk, const std::string& path, std::uint64_t most) {
  SOFA_TRY(const Handle handle, disk.open(path, false));
  const OpenFile file(disk, handle);
  SOFA_TRY(const std::uint64_t size, disk.size(handle));
  if (size > most) return fail(IoError::kLimit, "{} has {} bytes: more than {}", path, size, most);
  Bytes bytes(size);
  SOFA_TRY(const std::size_t got, disk.read_at(handle, 0, bytes));
  bytes.resize(got);
  return bytes;
}

Result<void> replace_file(Disk& disk, const std::string& path, const std::string& beside, BytesView bytes) {
  const auto write = [&]() -> Result<void> {
    SOFA_TRY(const Handle handle, disk.open(beside, true));
    const OpenFile file(disk, handle);
    SOFA_TRY_VOID(disk.write_at(handle, 0, bytes));
    SOFA_TRY_VOID(disk.sync(handle));
    return disk.rename(beside, path);
  };
  if (const Result<void> written = write(); !written) {
    (void)disk.remove(beside);
    return written;
  }
  const std::size_t slash = path.rfind('/');
  return disk.sync_directory(slash == path.npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1)));
}

}  // namespace sofa::io
