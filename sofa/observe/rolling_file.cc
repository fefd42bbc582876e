#include "sofa/observe/rolling_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "sofa/base/mutant.h"
#include "sofa/observe/digest.h"

namespace sofa::observe {
namespace {

constexpr std::size_t kDayBytes = 10;

bool is_day(std::string_view text) {
  if (text.size() != kDayBytes) return false;
  for (std::size_t i = 0; i < kDayBytes; ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  }
  return true;
}

/// A file that rolled, by its name behind `NAME.`: its day, and which of that day's it is. Files of a day are numbered
/// in the order in which they rolled.
struct Rolled {
  std::string name;
  std::string day;
  std::uint64_t number = 0;
  auto operator<=>(const Rolled& other) const { return std::tie(day, number) <=> std::tie(other.day, other.number); }
  bool operator==(const Rolled&) const = default;
};

std::vector<Rolled> rolled_files(io::Disk& disk, const std::string& folder, const std::string& base) {
  std::vector<Rolled> found;
  const auto names = disk.list(folder);
  if (!names) return found;
  for (const std::string& name : *names) {
    if (!name.starts_with(base + ".")) continue;
    const std::string_view suffix = std::string_view(name).substr(base.size() + 1);
    Rolled rolled{name, std::string(suffix.substr(0, kDayBytes))};
    if (!is_day(rolled.day)) continue;
    if (suffix.size() > kDayBytes) {
      const char* end = suffix.data() + suffix.size();
      const auto read = std::from_chars(suffix.data() + kDayBytes + 1, end, rolled.number);
      if (suffix[kDayBytes] != '.' || read.ec != std::errc() || read.ptr != end) continue;
    }
    found.push_back(std::move(rolled));
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::string RollingFile::path(std::string_view name) const {
  return fmt::format("{}/{}", options_.folder, name);
}

void RollingFile::close() {
  if (file_ != io::Handle::kNone) disk_.close(std::exchange(file_, io::Handle::kNone));
}

Result<void> RollingFile::open(const std::string& today) {
  SOFA_TRY(file_, disk_.open(path(options_.name), true));
  SOFA_TRY(size_, disk_.size(file_));
  day_ = today;
  if (size_ == 0) return {};
  // `{"timestamp":"2018-05-20 …`: the first value of the first line.
  std::array<std::uint8_t, 64> front;
  SOFA_TRY(const std::size_t read, disk_.read_at(file_, 0, front));
  const std::string_view text(reinterpret_cast<const char*>(front.data()), read);
  const std::size_t at = text.find("\":\"");
  if (at == std::string_view::npos) return {};
  if (const std::string_view day = text.substr(at + 3, kDayBytes); is_day(day)) day_ = day;
  return {};
}

Result<void> RollingFile::roll() {
  close();
  std::uint64_t next = 0;
  for (const Rolled& rolled : rolled_files(disk_, options_.folder, options_.name)) {
    if (rolled.day == day_ && !SOFA_MUTANT("roll-overwrites")) next = rolled.number + 1;
  }
  std::string to = fmt::format("{}.{}", options_.name, day_);
  if (next > 0) to += fmt::format(".{}", next);
  SOFA_TRY_VOID(disk_.rename(path(options_.name), path(to)));
  remove_oldest();
  return {};
}

void RollingFile::remove_oldest() {
  const std::vector<Rolled> rolled = rolled_files(disk_, options_.folder, options_.name);
  for (std::size_t i = 0; i + options_.kept_files < rolled.size(); ++i) (void)disk_.remove(path(rolled[i].name));
}

Result<void> RollingFile::append(std::string_view lines, std::chrono::sys_time<std::chrono::milliseconds> now) {
  if (lines.empty()) return {};
  std::string today;
  append_time(today, now, options_.offset);
  today.resize(kDayBytes);
  if (file_ == io::Handle::kNone) SOFA_TRY_VOID(open(today));
  if (size_ > 0 && (day_ != today || size_ + lines.size() > options_.most_bytes)) {
    SOFA_TRY_VOID(roll());
    SOFA_TRY_VOID(open(today));
  }
  auto written = disk_.write_at(file_, size_, as_bytes(lines));
  if (!written) {
    close();
    return written;
  }
  size_ += lines.size();
  return {};
}

}  // namespace sofa::observe
