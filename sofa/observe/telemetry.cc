#include "sofa/observe/telemetry.h"

#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/io/async.h"
#include "sofa/net/admin_server.h"
#include "sofa/observe/admin.h"
#include "sofa/observe/http_sink.h"
#include "sofa/observe/log_writer.h"
#include "sofa/observe/prometheus.h"
#include "sofa/observe/span_exporter.h"

namespace sofa::observe {
namespace {

Observer::Options observer_options(const Config& config, LogSignal& signal) {
  return {.log_ring = config.digest == DigestMode::kOff ? 0u : config.log_queue,
          .span_ring = config.otlp_url.empty() ? 0u : config.span_queue,
          .only_sampled_digests = config.digest == DigestMode::kSampled,
          .stat = config.stat,
          .sampler = Sampler(config.trace_ratio),
          .signal = &signal};
}

std::vector<const Counters*> all_counters(std::span<Observer* const> observers, const Counters& process) {
  std::vector<const Counters*> all{&process};
  for (const Observer* observer : observers) all.push_back(&observer->counters());
  return all;
}

}  // namespace

Telemetry::Telemetry(io::Shards& shards, const Config& config, std::string app)
    : shards_(shards),
      config_(config),
      app_(std::move(app)),
      signal_{shards.env().blocking},
      methods_(config.max_methods) {
  io::Clock& clock = shards.env().clock;
  for (int i = 0; i < shards.size(); ++i) {
    observers_.push_back(std::make_unique<Observer>(i, methods_, clock, observer_options(config_, signal_)));
    figures_.push_back(std::make_unique<ShardFigures>(observers_.back()->counters(), i));
  }
  process_.gauge(labelled("sofa_build_info", {{"version", SOFA_VERSION}, {"compiler", __VERSION__}}), "what this is")
      .set(1);
  const auto now = std::chrono::floor<std::chrono::seconds>(clock.wall());
  process_.gauge("process_start_time_seconds", "when this process began, since 1970")
      .set(now.time_since_epoch().count());
  if (config_.digest != DigestMode::kOff || config_.stat) {
    LogWriter::Options options;
    options.app = app_;
    options.folder = config_.folder;
    options.most_bytes = static_cast<std::uint64_t>(config_.max_file_bytes);
    options.kept_files = config_.kept_files;
    options.offset = std::chrono::minutes(config_.utc_offset_minutes);
    options.stat_period = config_.stat_period;
    writer_ = std::make_unique<LogWriter>(shards.env(), signal_, options, observers());
  }
}

Telemetry::~Telemetry() {
  close();
}

std::vector<Observer*> Telemetry::observers() const {
  std::vector<Observer*> all;
  for (const auto& observer : observers_) all.push_back(observer.get());
  return all;
}

void Telemetry::watch(std::string name, const io::WorkerPool& pool) {
  const std::lock_guard lock(mutex_);
  pools_.push_back({std::move(name), &pool});
}

void Telemetry::forget(const io::WorkerPool& pool) {
  const std::lock_guard lock(mutex_);
  std::erase_if(pools_, [&](const Watched& each) { return each.pool == &pool; });
}

Task<void> Telemetry::start() {
  if (!config_.admin.empty()) co_await open_admin();
  if (writer_) writer_->start();
  if (!config_.otlp_url.empty()) {
    io::Shard* home = io::Shard::current();
    co_await switch_to(shards_[0]);
    start_exporter();
    co_await switch_to(*home);
  }
}

Task<void> Telemetry::open_admin() {
  const Result<io::Address> address = io::Address::parse(config_.admin);
  if (!address) address.error().raise();
  server_ = std::make_unique<net::AdminServer>(shards_, admin_router(*this));
  admin_address_ = co_await server_->start_listening(*address);
  log::info("admin endpoint {}", log::kv("url", fmt::format("http://{}/metrics", admin_address_->to_string())));
}

void Telemetry::start_exporter() {
  Result<net::HttpUrl> url = net::HttpUrl::parse(config_.otlp_url);
  if (!url) url.error().raise();
  SpanExporter::Options options;
  options.app = app_;
  options.version = SOFA_VERSION;
  options.batch = config_.span_batch;
  options.interval = config_.span_interval;
  exporter_ = std::make_unique<SpanExporter>(shards_[0], options, observers(),
                                             std::make_unique<HttpSink>(shards_, *std::move(url)));
  exporter_->start();
}

Task<void> Telemetry::refresh() {
  for (int i = 0; i < shards_.serving(); ++i) {
    co_await switch_to(shards_[i]);
    figures_[static_cast<std::size_t>(i)]->refresh(shards_[i], of(shards_[i]));
  }
  co_await switch_to(shards_[0]);
  refresh_process();
}

void Telemetry::refresh_process() {
  for (const Source& source : sources_) source(process_);
  const auto pool_series = [](std::string_view name, const Watched& watched) {
    return labelled(name, {{"pool", watched.name}});
  };
  {
    const std::lock_guard lock(mutex_);
    for (const Watched& each : pools_) {
      process_.gauge(pool_series("sofa_pool_threads", each), "threads of a worker pool").set(each.pool->threads());
      process_.gauge(pool_series("sofa_pool_queued", each), "jobs that wait for a thread")
          .set(static_cast<std::int64_t>(each.pool->queued()));
      raise_to(process_.counter(pool_series("sofa_pool_rejected_total", each), "jobs that found the queue full"),
               each.pool->rejected());
      raise_to(process_.counter(pool_series("sofa_pool_shed_total", each), "jobs that waited too long to be run"),
               each.pool->shed());
    }
  }
  process_.gauge("sofa_observe_methods_refused", "methods beyond the limit, counted as `other`")
      .set(static_cast<std::int64_t>(methods_.refused()));
  if (writer_) {
    raise_to(process_.counter("sofa_observe_lost_lines_total", "lines of logs that could not be written"),
             writer_->lost());
  }
  if (exporter_) {
    raise_to(process_.counter("sofa_observe_spans_sent_total", "spans that the collector took"), exporter_->sent());
    raise_to(process_.counter("sofa_observe_spans_given_up_total", "spans of batches that no try could send"),
             exporter_->dropped());
  }
}

Task<std::string> Telemetry::metrics() {
  io::Shard* home = io::Shard::current();
  co_await refresh();
  const std::vector<Observer*> all = observers();
  const std::vector<const Counters*> counters = all_counters(all, process_);
  std::string text;
  append_prometheus(text, collect(counters));
  co_await switch_to(*home);
  co_return text;
}

Task<void> Telemetry::stop(io::TimePoint deadline) {
  io::Shard* home = io::Shard::current();
  if (exporter_) {
    co_await switch_to(shards_[0]);
    co_await exporter_->stop(deadline);
    co_await switch_to(*home);
  }
  if (server_) co_await server_->stop(deadline);
}

void Telemetry::close() {
  if (writer_) writer_->stop();
}

}  // namespace sofa::observe
