// Feeds arbitrary text to the config reader: it must answer with values or problems, within its limits, and never
// crash.
#include <cstdlib>

#include "sofa/base/config.h"

namespace {

enum class Mode { kFast, kSafe };
[[maybe_unused]] std::span<const std::pair<std::string_view, Mode>> config_names(Mode) {
  static constexpr std::pair<std::string_view, Mode> kNames[] = {{"fast", Mode::kFast}, {"safe", Mode::kSafe}};
  return kNames;
}

struct Server {
  std::string host;
  std::uint16_t port = 1;
  Mode mode = Mode::kFast;
};
const sofa::config::Schema& config_schema(const Server*) {
  static const auto schema = sofa::config::schema<Server>({
      sofa::config::key<&Server::host>("host", "h", {.max = 100}),
      sofa::config::key<&Server::port>("port", "p", {.min = 1}),
      sofa::config::key<&Server::mode>("mode", "m"),
  });
  return schema;
}

struct Root {
  std::vector<Server> servers;
  std::map<std::string, Server> named;
  std::optional<double> ratio;
  std::chrono::milliseconds wait{0};
};
const sofa::config::Schema& config_schema(const Root*) {
  static const auto schema = sofa::config::schema<Root>({
      sofa::config::key<&Root::servers>("servers", "s", {.max = 10}),
      sofa::config::key<&Root::named>("named", "n"),
      sofa::config::key<&Root::ratio>("ratio", "r", {.min = 0, .max = 1}),
      sofa::config::key<&Root::wait>("wait_ms", "w"),
  });
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Root root;
  const auto problems = sofa::config::read({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", root);
  if (!problems.empty()) return 0;
  if (root.servers.size() > 10 || (root.ratio && !(*root.ratio >= 0 && *root.ratio <= 1))) std::abort();
  for (const Server& server : root.servers) {
    if (server.port == 0 || server.host.size() > 100) std::abort();
  }
  return 0;
}
