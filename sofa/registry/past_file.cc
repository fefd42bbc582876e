#include "sofa/registry/past_file.h"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "sofa/io/whole_file.h"
#include "sofa/registry/error.h"

namespace sofa::registry {
namespace {

constexpr std::string_view kTitle = "sofa registry 1\n";
constexpr std::uint64_t kMostBytes = 1ULL << 30;
// A minute of Java's versions.
constexpr std::uint64_t kAhead = std::uint64_t{60'000} << 15;

/// The next line as a number and what follows it; false at a line that is none.
bool read_line(std::string_view& text, std::uint64_t& number, std::string_view& name) {
  const std::size_t end = text.find('\n');
  if (end == text.npos) return false;
  const std::string_view line = text.substr(0, end);
  const auto [at, error] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (error != std::errc() || at == line.data() + line.size() || *at != ' ') return false;
  name = line.substr(static_cast<std::size_t>(at - line.data()) + 1);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

Result<Presence::Past> load_past(io::Disk& disk, const std::string& path) {
  const Result<Bytes> bytes = io::read_file(disk, path, kMostBytes);
  if (!bytes) return Presence::Past{};
  std::string_view text = as_text(*bytes);
  Presence::Past past;
  std::string_view name;
  const bool begins = text.starts_with(kTitle);
  text.remove_prefix(begins ? kTitle.size() : text.size());
  if (!begins || !read_line(text, past.version, name)) {
    return fail(RegistryError::kFile, "{} is no file of a registry's past: remove it to start without one", path);
  }
  for (std::uint64_t count = 0; !text.empty();) {
    if (!read_line(text, count, name))
      return fail(RegistryError::kFile, "{} is damaged: remove it to start without one", path);
    past.publishers.emplace(name, static_cast<std::uint32_t>(count));
  }
  return past;
}

Result<void> save_past(io::Disk& disk, const std::string& path, const Presence::Past& past) {
  std::string text = fmt::format("{}{} versions\n", kTitle, past.version + kAhead);
  for (const auto& [name, count] : past.publishers) {
    if (name.find('\n') == name.npos) text += fmt::format("{} {}\n", count, name);
  }
  return io::replace_file(disk, path, path + ".unfinished", as_bytes(text));
}

}  // namespace sofa::registry
