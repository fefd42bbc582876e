#include "sofa/cli/process_figures.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/observe/prometheus_reader.h"

namespace sofa::cli {
namespace {

using observe::PrometheusSample;

double seconds_of(std::string_view le) {
  if (le == "+Inf") return std::numeric_limits<double>::infinity();
  return std::atof(std::string(le).c_str());
}

double at(const ProcessTotals::Values& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? 0 : found->second;
}

/// What was added; all of it where the process counts anew.
double added(double before, double now) {
  return now >= before ? now - before : now;
}

/// Where in the buckets the given share of the calls lies, even within a bucket.
std::optional<double> quantile(const std::map<double, double>& before, const std::map<double, double>& now,
                               double share) {
  if (now.empty()) return std::nullopt;
  const auto count = [&](double limit, double value) {
    const auto was = before.find(limit);
    return added(was == before.end() ? 0 : was->second, value);
  };
  const double all = count(now.rbegin()->first, now.rbegin()->second);
  if (!(all > 0)) return std::nullopt;
  double low = 0, below = 0;
  for (const auto& [limit, value] : now) {
    const double here = count(limit, value);
    if (here >= share * all) {
      return std::isinf(limit) || here <= below ? low : low + (limit - low) * (share * all - below) / (here - below);
    }
    low = limit;
    below = here;
  }
  return low;
}

MethodRates method_rates(const ProcessTotals::Method& method, const ProcessTotals::Calls& before,
                         const ProcessTotals::Calls& now, double seconds) {
  MethodRates rates{.side = std::get<0>(method), .service = std::get<1>(method), .method = std::get<2>(method)};
  for (const auto& [outcome, value] : now.outcomes) {
    const auto was = before.outcomes.find(outcome);
    const double rate = added(was == before.outcomes.end() ? 0 : was->second, value) / seconds;
    rates.calls += value;
    rates.calls_per_s += rate;
    if (outcome == "ok") continue;
    rates.errors_per_s += rate;
    if (rate > 0) rates.failures_per_s.emplace(outcome, rate);
  }
  rates.p50_s = quantile(before.buckets, now.buckets, 0.5);
  rates.p99_s = quantile(before.buckets, now.buckets, 0.99);
  rates.in_flight = now.in_flight;
  return rates;
}

std::string whole(double value) {
  return grouped(static_cast<std::uint64_t>(std::llround(std::max(value, 0.0))));
}

/// Small rates are told with a digit behind the point.
std::string rate_text(double value) {
  return value > 0 && value < 10 ? fmt::format("{:.1f}", value) : whole(value);
}

std::string time_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  if (*seconds < 1e-3) return fmt::format("{:.0f} us", *seconds * 1e6);
  if (*seconds < 1) return fmt::format("{:.3g} ms", *seconds * 1e3);
  return fmt::format("{:.3g} s", *seconds);
}

std::string short_name(const MethodRates& row) {
  // The package is the same for most: the last part of the interface says which it is.
  std::string_view service = row.service;
  const std::size_t dot = service.rfind('.', service.find(':'));
  if (dot != std::string_view::npos) service.remove_prefix(dot + 1);
  constexpr std::string_view kDefaultVersion = ":1.0";
  if (service.ends_with(kDefaultVersion)) service.remove_suffix(kDefaultVersion.size());
  return fmt::format("{}.{}", service, row.method);
}

std::string failures_text(const MethodRates& row) {
  std::string text;
  for (const auto& [outcome, rate] : row.failures_per_s) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", outcome, rate_text(rate));
  }
  return text;
}

void append_methods(std::string& out, const ProcessRates& rates, std::size_t rows) {
  fmt::format_to(std::back_inserter(out), "{:<44} {:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>13}  {}\n", "METHOD", "SIDE",
                 "CALLS/S", "ERRORS/S", "P50", "P99", "IN FLIGHT", "CALLS", "FAILURES/S");
  for (std::size_t i = 0; i < std::min(rows, rates.methods.size()); ++i) {
    const MethodRates& row = rates.methods[i];
    fmt::format_to(std::back_inserter(out), "{:<44.44} {:<6} {:>10} {:>9} {:>9} {:>9} {:>9} {:>13}  {}\n",
                   short_name(row), row.side, rate_text(row.calls_per_s), rate_text(row.errors_per_s),
                   time_text(row.p50_s), time_text(row.p99_s), whole(row.in_flight), whole(row.calls),
                   failures_text(row));
  }
  if (rates.methods.empty()) out += "no method was called yet\n";
  if (rates.methods.size() > rows) {
    fmt::format_to(std::back_inserter(out), "and {} more: see --rows\n", rates.methods.size() - rows);
  }
}

void append_number(std::string& out, std::string_view key, double value) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":{:.15g}", key, std::isfinite(value) ? value : 0);
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "\"{}\":", key);
  append_json_string(out, value);
}

void append_milliseconds(std::string& out, std::string_view key, std::optional<double> seconds) {
  if (seconds) return append_number(out, key, *seconds * 1e3);
  fmt::format_to(std::back_inserter(out), ",\"{}\":null", key);
}

void append_method(std::string& out, const MethodRates& row) {
  append_text(out, "side", row.side);
  append_text(out += ',', "service", row.service);
  append_text(out += ',', "method", row.method);
  append_number(out, "calls_per_s", row.calls_per_s);
  append_number(out, "errors_per_s", row.errors_per_s);
  append_milliseconds(out, "p50_ms", row.p50_s);
  append_milliseconds(out, "p99_ms", row.p99_s);
  append_number(out, "in_flight", row.in_flight);
  append_number(out, "calls", row.calls);
  out += ",\"failures_per_s\":{";
  for (const auto& [outcome, rate] : row.failures_per_s) {
    if (out.back() != '{') out += ',';
    append_json_string(out, outcome);
    fmt::format_to(std::back_inserter(out), ":{:.15g}", rate);
  }
  out += '}';
}

template <class Row, class Append>
void append_list(std::string& out, std::string_view key, const std::vector<Row>& rows, Append append) {
  fmt::format_to(std::back_inserter(out), ",\"{}\":[", key);
  for (const Row& row : rows) {
    out += out.back() == '[' ? "{" : ",{";
    append(row);
    out += '}';
  }
  out += ']';
}

}  // namespace

Result<ProcessTotals> read_totals(std::string_view metrics) {
  SOFA_TRY(const auto samples, observe::parse_prometheus(metrics));
  ProcessTotals totals;
  bool is_ours = false;
  const auto calls = [&](const PrometheusSample& sample) -> ProcessTotals::Calls& {
    return totals.methods[{std::string(sample.label("side")), std::string(sample.label("service")),
                           std::string(sample.label("method"))}];
  };
  for (const PrometheusSample& sample : samples) {
    if (sample.name == "sofa_build_info") {
      is_ours = true;
      totals.version = sample.label("version");
    } else if (sample.name == "sofa_rpc_calls_total") {
      calls(sample).outcomes[std::string(sample.label("outcome"))] = sample.value;
    } else if (sample.name == "sofa_rpc_call_duration_seconds_bucket") {
      calls(sample).buckets[seconds_of(sample.label("le"))] = sample.value;
    } else if (sample.name == "sofa_rpc_calls_in_flight") {
      calls(sample).in_flight = sample.value;
    } else if (sample.labels.empty()) {
      totals.rest[sample.name] = sample.value;
    } else if (const auto shard = sample.label("shard"); !shard.empty()) {
      totals.shards[std::string(shard)][sample.name] = sample.value;
    } else if (const auto pool = sample.label("pool"); !pool.empty()) {
      totals.pools[std::string(pool)][sample.name] = sample.value;
    }
  }
  if (!is_ours) {
    return fail(CliError::kRefused, "{} figures came, but none of a sofa process: is another program listening there?",
                samples.size());
  }
  return totals;
}

ProcessRates rates_between(const ProcessTotals& before, const ProcessTotals& now, io::Duration passed) {
  const double seconds = std::max(std::chrono::duration<double>(passed).count(), 1e-3);
  ProcessRates rates{.seconds = seconds, .version = now.version, .started = at(now.rest, "process_start_time_seconds")};
  static const ProcessTotals::Calls kNone;
  static const ProcessTotals::Values kNoValues;
  for (const auto& [method, calls] : now.methods) {
    const auto was = before.methods.find(method);
    rates.methods.push_back(method_rates(method, was == before.methods.end() ? kNone : was->second, calls, seconds));
  }
  const auto order = [](const MethodRates& row) {
    return std::tuple(-row.calls_per_s, std::string_view(row.side), std::string_view(row.service),
                      std::string_view(row.method));
  };
  std::ranges::sort(rates.methods, {}, order);
  const auto grown = [&](const auto& all, const auto& row, const std::string& name) {
    const auto was = all.find(row.first);
    return added(at(was == all.end() ? kNoValues : was->second, name), at(row.second, name)) / seconds;
  };
  for (const auto& row : now.shards) {
    rates.shards.push_back({.shard = row.first,
                            .connections = at(row.second, "sofa_shard_connections"),
                            .in_bytes_per_s = grown(before.shards, row, "sofa_shard_received_bytes_total"),
                            .out_bytes_per_s = grown(before.shards, row, "sofa_shard_sent_bytes_total"),
                            .turns_per_s = grown(before.shards, row, "sofa_shard_turns_total"),
                            .timers = at(row.second, "sofa_shard_timers")});
  }
  for (const auto& row : now.pools) {
    rates.pools.push_back({.pool = row.first,
                           .threads = at(row.second, "sofa_pool_threads"),
                           .queued = at(row.second, "sofa_pool_queued"),
                           .rejected_per_s = grown(before.pools, row, "sofa_pool_rejected_total")});
  }
  return rates;
}

std::string to_table(const ProcessRates& rates, std::size_t rows) {
  std::string out;
  append_methods(out, rates, rows);
  fmt::format_to(std::back_inserter(out), "\n{:<8} {:>12} {:>10} {:>10} {:>10} {:>8}\n", "SHARD", "CONNECTIONS",
                 "IN MB/S", "OUT MB/S", "TURNS/S", "TIMERS");
  for (const ShardRates& row : rates.shards) {
    fmt::format_to(std::back_inserter(out), "{:<8} {:>12} {:>10.1f} {:>10.1f} {:>10} {:>8}\n", row.shard,
                   whole(row.connections), row.in_bytes_per_s / 1e6, row.out_bytes_per_s / 1e6, whole(row.turns_per_s),
                   whole(row.timers));
  }
  if (rates.pools.empty()) return out;
  fmt::format_to(std::back_inserter(out), "\n{:<8} {:>12} {:>10} {:>10}\n", "POOL", "THREADS", "QUEUED", "REJECTED/S");
  for (const PoolRates& row : rates.pools) {
    fmt::format_to(std::back_inserter(out), "{:<8} {:>12} {:>10} {:>10}\n", row.pool, whole(row.threads),
                   whole(row.queued), rate_text(row.rejected_per_s));
  }
  return out;
}

std::string to_json_members(const ProcessRates& rates) {
  std::string out;
  append_text(out, "version", rates.version);
  append_number(out, "started", rates.started);
  append_number(out, "seconds", rates.seconds);
  append_list(out, "methods", rates.methods, [&](const MethodRates& row) { append_method(out, row); });
  append_list(out, "shards", rates.shards, [&](const ShardRates& row) {
    append_text(out, "shard", row.shard);
    append_number(out, "connections", row.connections);
    append_number(out, "in_bytes_per_s", row.in_bytes_per_s);
    append_number(out, "out_bytes_per_s", row.out_bytes_per_s);
    append_number(out, "turns_per_s", row.turns_per_s);
    append_number(out, "timers", row.timers);
  });
  append_list(out, "pools", rates.pools, [&](const PoolRates& row) {
    append_text(out, "pool", row.pool);
    append_number(out, "threads", row.threads);
    append_number(out, "queued", row.queued);
    append_number(out, "rejected_per_s", row.rejected_per_s);
  });
  return out;
}

}  // namespace sofa::cli
