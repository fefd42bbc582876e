#include "sofa/observe/prometheus.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace sofa::observe {
namespace {

struct Bucket {
  std::uint64_t limit;
  std::string_view text;
};
// From what a call within a host takes to what a caller waits for.
constexpr std::array<Bucket, 19> kSeconds = {{
    {10'000, "1e-05"},     {25'000, "2.5e-05"},    {50'000, "5e-05"},     {100'000, "0.0001"},    {250'000, "0.00025"},
    {500'000, "0.0005"},   {1'000'000, "0.001"},   {2'500'000, "0.0025"}, {5'000'000, "0.005"},   {10'000'000, "0.01"},
    {25'000'000, "0.025"}, {50'000'000, "0.05"},   {100'000'000, "0.1"},  {250'000'000, "0.25"},  {500'000'000, "0.5"},
    {1'000'000'000, "1"},  {2'500'000'000, "2.5"}, {5'000'000'000, "5"},  {10'000'000'000, "10"},
}};
constexpr std::array<Bucket, 10> kPlain = {{
    {64, "64"},
    {256, "256"},
    {1024, "1024"},
    {4096, "4096"},
    {16384, "16384"},
    {65536, "65536"},
    {262144, "262144"},
    {1048576, "1048576"},
    {4194304, "4194304"},
    {16777216, "16777216"},
}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// A figure's name taken apart: `family{labels}`.
struct Named {
  std::string_view family;
  std::string_view labels;  // without braces
  const Figure* figure;
};

std::size_t word_size(std::string_view text, bool colons) {
  std::size_t size = 0;
  const auto fits = [&](char c) { return is_letter(c) || (colons && c == ':') || (size > 0 && is_digit(c)); };
  while (size < text.size() && fits(text[size])) ++size;
  return size;
}

// `key="value",key="value"` with values as `labelled` escapes them.
bool are_labels(std::string_view text) {
  while (!text.empty()) {
    const std::size_t key = word_size(text, false);
    if (key == 0 || !text.substr(key).starts_with("=\"")) return false;
    text.remove_prefix(key + 2);
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\n') return false;
      const bool escape = text.front() == '\\';
      if (escape && (text.size() < 2 || std::string_view("\\\"n").find(text[1]) == std::string_view::npos))
        return false;
      text.remove_prefix(escape ? 2 : 1);
    }
    if (text.empty()) return false;
    text.remove_prefix(1);
    if (text.empty()) return true;
    if (text.front() != ',' || text.size() == 1) return false;
    text.remove_prefix(1);
  }
  return true;
}

bool take_apart(const Figure& figure, Named& named) {
  const std::string_view name = figure.name;
  const std::size_t family = word_size(name, true);
  if (family == 0) return false;
  named = {name.substr(0, family), {}, &figure};
  if (family == name.size()) return true;
  if (name[family] != '{' || name.back() != '}' || name.size() < family + 2) return false;
  named.labels = name.substr(family + 1, name.size() - family - 2);
  return are_labels(named.labels);
}

void append_help(std::string& out, const Named& first) {
  static constexpr std::string_view kKinds[] = {"counter", "gauge", "histogram"};
  fmt::format_to(std::back_inserter(out), "# HELP {} ", first.family);
  for (const char c : first.figure->help) {
    if (c == '\\') out += "\\\\";
    if (c == '\n') out += "\\n";
    if (c != '\\' && c != '\n') out += c;
  }
  fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", first.family,
                 kKinds[static_cast<std::size_t>(first.figure->kind)]);
}

void append_series(std::string& out, const Named& named, std::string_view suffix, std::string_view le) {
  out.append(named.family).append(suffix);
  if (!named.labels.empty() || !le.empty()) {
    out += '{';
    out.append(named.labels);
    if (!le.empty()) out.append(named.labels.empty() ? "le=\"" : ",le=\"").append(le) += '"';
    out += '}';
  }
  out += ' ';
}

void append_number(std::string& out, auto number) {
  fmt::format_to(std::back_inserter(out), "{}\n", number);
}

void append_histogram(std::string& out, const Named& named) {
  const HistogramSnapshot& histogram = *named.figure->histogram;
  const bool in_seconds = named.family.ends_with("_seconds");
  const auto buckets = in_seconds ? std::span<const Bucket>(kSeconds) : std::span<const Bucket>(kPlain);
  for (const Bucket& bucket : buckets) {
    append_series(out, named, "_bucket", bucket.text);
    append_number(out, histogram.count_at_most(bucket.limit));
  }
  append_series(out, named, "_bucket", "+Inf");
  append_number(out, histogram.count());
  append_series(out, named, "_sum", {});
  if (in_seconds) {
    append_number(out, static_cast<double>(histogram.sum()) / 1e9);
  } else {
    append_number(out, histogram.sum());
  }
  append_series(out, named, "_count", {});
  append_number(out, histogram.count());
}

}  // namespace

std::string labelled(std::string_view name,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::string text(name);
  char before = '{';
  for (const auto& [key, value] : labels) {
    text += std::exchange(before, ',');
    text.append(key).append("=\"");
    for (const char c : value) {
      if (c == '\\' || c == '"') text += '\\';
      if (c == '\n') text += "\\n";
      if (c != '\n') text += c;
    }
    text += '"';
  }
  if (labels.size() != 0) text += '}';
  return text;
}

std::size_t append_prometheus(std::string& out, std::span<const Figure> figures) {
  std::vector<Named> all;
  all.reserve(figures.size());
  for (const Figure& figure : figures) {
    if (Named named{}; take_apart(figure, named)) all.push_back(named);
  }
  // A family's series must stand together, which the order of whole names does not give: '_' is before '{'.
  std::ranges::sort(all, [](const Named& a, const Named& b) {
    return a.family != b.family ? a.family < b.family : a.labels < b.labels;
  });
  std::size_t written = 0;
  const Named* first = nullptr;
  for (const Named& named : all) {
    if (!first || first->family != named.family) append_help(out, *(first = &named));
    if (named.figure->kind != first->figure->kind) continue;
    ++written;
    if (named.figure->kind == FigureKind::kHistogram) {
      append_histogram(out, named);
    } else {
      append_series(out, named, {}, {});
      append_number(out, named.figure->value);
    }
  }
  return figures.size() - written;
}

}  // namespace sofa::observe
