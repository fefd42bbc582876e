#include "sofa/observe/prometheus_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sofa/observe/error.h"

namespace sofa::observe {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
}

/// Takes one line apart from its front.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool is_empty() {
    skip_blanks();
    return rest_.empty() || rest_.front() == '#';
  }
  std::optional<PrometheusSample> sample() {
    PrometheusSample sample;
    sample.name = word();
    if (sample.name.empty()) return std::nullopt;
    skip_blanks();
    if (take('{') && !labels(sample)) return std::nullopt;
    skip_blanks();
    if (!number(sample.value)) return std::nullopt;
    skip_blanks();
    double time = 0;
    if (!rest_.empty() && !number(time)) return std::nullopt;
    skip_blanks();
    return rest_.empty() ? std::optional(std::move(sample)) : std::nullopt;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name(rest_[size])) ++size;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool labels(PrometheusSample& sample) {
    for (;;) {
      skip_blanks();
      if (take('}')) return true;
      auto& [key, value] = sample.labels.emplace_back(word(), std::string());
      skip_blanks();
      if (key.empty() || sample.labels.size() > kMostLabels || !take('=')) return false;
      skip_blanks();
      if (!take('"') || !quoted(value)) return false;
      skip_blanks();
      if (!take(',') && !rest_.starts_with('}')) return false;
    }
  }
  bool quoted(std::string& value) {
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty()) return false;
        c = rest_.front() == 'n' ? '\n' : rest_.front();
        rest_.remove_prefix(1);
      }
      value += c;
    }
    return false;
  }
  bool number(double& value) {
    take('+');
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return rest_.empty() || is_blank(rest_.front());
  }

  std::string_view rest_;
};

}  // namespace

std::string_view PrometheusSample::label(std::string_view key) const {
  for (const auto& [known, text] : labels) {
    if (known == key) return text;
  }
  return {};
}

Result<std::vector<PrometheusSample>> parse_prometheus(std::string_view text) {
  std::vector<PrometheusSample> samples;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.ends_with('\r')) one.remove_suffix(1);
    Line line(one);
    if (line.is_empty()) continue;
    std::optional<PrometheusSample> sample = line.sample();
    if (!sample || samples.size() == kMostSamples) {
      return fail(ObserveError::kFormat, "line {} is no figure in Prometheus' text format: '{}'", number,
                  one.substr(0, 80));
    }
    samples.push_back(*std::move(sample));
  }
  return samples;
}

}  // namespace sofa::observe
