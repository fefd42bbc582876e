#include "sofa/registry/past_file.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sofa/io/whole_file.h"
#include "sofa/registry/error.h"

namespace sofa::registry {
namespace {

constexpr std::string_view kTitle = "sofa registry 2\n";
constexpr std::uint64_t kMostBytes = 1ULL << 30;
// A minute of Java's versions.
constexpr std::uint64_t kAhead = std::uint64_t{60'000} << 15;

/// The next line, up to its first blank and behind it; false at one that is none.
bool read_line(std::string_view& text, std::string_view& first, std::string_view& rest) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return false;
  const std::string_view line = text.substr(0, end);
  const std::size_t blank = line.find(' ');
  if (blank == line.npos) return false;
  first = line.substr(0, blank);
  rest = line.substr(blank + 1);
  text.remove_prefix(end + 1);
  return true;
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base) {
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && at == text.data() + text.size();
}

/// Eight digits each.
bool read_ids(std::string_view text, std::vector<std::uint32_t>& ids) {
  constexpr std::size_t kDigits = 8;
  ids.resize(text.size() / kDigits);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!read_number(text.substr(i * kDigits, kDigits), ids[i], 16)) return false;
  }
  return text.size() % kDigits == 0 && std::ranges::is_sorted(ids);
}

}  // namespace

Result<Presence::Past> load_past(io::Disk& disk, const std::string& path) {
  const Result<Bytes> bytes = io::read_file(disk, path, kMostBytes);
  if (!bytes) return Presence::Past{};
  std::string_view text = as_text(*bytes);
  Presence::Past past;
  std::string_view first, name;
  const bool begins = text.starts_with(kTitle);
  text.remove_prefix(begins ? kTitle.size() : text.size());
  if (!begins || !read_line(text, first, name) || !read_number(first, past.version, 10)) {
    return fail(RegistryError::kFile, "{} is no file of a registry's past: remove it to start without one", path);
  }
  while (!text.empty()) {
    std::vector<std::uint32_t> ids;
    if (!read_line(text, first, name) || !read_ids(first, ids)) {
      return fail(RegistryError::kFile, "{} is damaged: remove it to start without one", path);
    }
    past.publishers.emplace(name, std::move(ids));
  }
  return past;
}

Result<void> save_past(io::Disk& disk, const std::string& path, const Presence::Past& past) {
  std::string text = fmt::format("{}{} versions\n", kTitle, past.version + kAhead);
  for (const auto& [name, ids] : past.publishers) {
    if (name.find('\n') != name.npos) continue;
    for (const std::uint32_t id : ids) text += fmt::format("{:08x}", id);
    text += fmt::format(" {}\n", name);
  }
  return io::replace_file(disk, path, path + ".unfinished", as_bytes(text));
}

}  // namespace sofa::registry
