#include "sofa/cli/duration.h"

#include <charconv>
#include <chrono>

#include "sofa/cli/command.h"

namespace sofa::cli {

Result<io::Duration> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double ns;
  };
  constexpr Unit kUnits[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  constexpr double kMostNs = 24 * 3600e9;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (error == std::errc()) {
    for (const Unit& known : kUnits) {
      if (unit != known.name || !(number > 0) || number * known.ns > kMostNs) continue;
      return io::Duration(static_cast<io::Duration::rep>(number * known.ns));
    }
  }
  return fail(CliError::kInput,
              "'{}' is no duration: write a number and its unit, such as 250ms, 3s or 2m (at most 24h)", text);
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace sofa::cli
