#include "sofa/observe/config_schema.h"

#include <array>

#include <fmt/format.h>

#include "sofa/io/address.h"
#include "sofa/net/http_url.h"

namespace sofa::observe {
namespace {

bool is_loopback(const io::Address& address) {
  return address.host == "localhost" || address.host == "::1" || address.host.starts_with("127.");
}

}  // namespace

config::EnumNames<DigestMode> config_names(DigestMode) {
  static constexpr std::array<std::pair<std::string_view, DigestMode>, 3> kNames = {
      {{"off", DigestMode::kOff}, {"sampled", DigestMode::kSampled}, {"all", DigestMode::kAll}}};
  return kNames;
}

const config::Schema& config_schema(const Config*) {
  static const config::Schema schema = config::schema<Config>({
      config::key<&Config::admin>("admin", "host:port of the admin endpoint, on loopback; empty is none", {.max = 255}),
      config::key<&Config::digest>("digest",
                                   "calls that have a line in rpc-server-digest.log and rpc-client-digest.log"),
      config::key<&Config::stat>("stat", "sums of a period in rpc-server-stat.log and rpc-client-stat.log"),
      config::key<&Config::stat_period>("stat_period_seconds", "that period", {.min = 1, .max = 86'400}),
      config::key<&Config::folder>("folder", "where those logs are; it must exist", {.min = 1, .max = 4096}),
      config::key<&Config::max_file_bytes>("max_file_bytes", "a log begins a new file at so much, and each day",
                                           {.min = 4096}),
      config::key<&Config::kept_files>("kept_files", "older files that are kept of each log", {.max = 10'000}),
      config::key<&Config::utc_offset_minutes>("utc_offset_minutes", "local time of the logs, as minutes east of UTC",
                                               {.min = -1440, .max = 1440}),
      config::key<&Config::otlp_url>("otlp_url", "where spans are sent: http://host:4318/v1/traces; empty is nowhere",
                                     {.max = 2048}),
      config::key<&Config::trace_ratio>("trace_ratio", "share of traces recorded where no caller decided",
                                        {.min = 0, .max = 1}),
      config::key<&Config::span_interval>("span_interval_ms", "spans wait so long for others", {.min = 10}),
      config::key<&Config::span_batch>("span_batch", "spans sent at once", {.min = 1, .max = 8192}),
      config::key<&Config::max_methods>("max_methods", "methods with figures of their own; the others share one",
                                        {.min = 1, .max = 100'000}),
      config::key<&Config::log_queue>("log_queue", "calls of a shard that may wait for the digest's writer",
                                      {.min = 16, .max = 1 << 20}),
      config::key<&Config::span_queue>("span_queue", "spans of a shard that may wait to be sent",
                                       {.min = 16, .max = 1 << 20}),
  });
  return schema;
}

std::vector<std::pair<std::string, std::string>> problems_of(const Config& config) {
  std::vector<std::pair<std::string, std::string>> problems;
  if (!config.admin.empty()) {
    const Result<io::Address> address = io::Address::parse(config.admin);
    if (!address) {
      problems.emplace_back("admin", address.error().message());
    } else if (!is_loopback(*address)) {
      problems.emplace_back("admin",
                            fmt::format("{} is not on loopback: the endpoint asks nobody who they are, so let a "
                                        "proxy that does stand before it",
                                        config.admin));
    }
  }
  if (!config.otlp_url.empty()) {
    if (const auto url = net::HttpUrl::parse(config.otlp_url); !url) {
      problems.emplace_back("otlp_url", url.error().message());
    }
  }
  return problems;
}

}  // namespace sofa::observe
