#include "sofa/observe/log_writer.h"

#include <algorithm>

namespace sofa::observe {
namespace {

// Lines are handed to the file by the piece, so that a burst needs no memory of its size.
constexpr std::size_t kCallsAPiece = 256;

RollingFile::Options file_options(const LogWriter::Options& options, Side side, std::string_view kind) {
  return {.folder = options.folder,
          .name = fmt::format("rpc-{}-{}.log", name_of(side), kind),
          .most_bytes = options.most_bytes,
          .kept_files = options.kept_files,
          .offset = options.offset};
}

}  // namespace

LogWriter::LogWriter(io::Env& env, LogSignal& signal, const Options& options, std::vector<Observer*> observers)
    : env_(env),
      signal_(signal),
      options_(options),
      observers_(std::move(observers)),
      digests_{RollingFile(env.disk, file_options(options, Side::kClient, "digest")),
               RollingFile(env.disk, file_options(options, Side::kServer, "digest"))},
      stats_{RollingFile(env.disk, file_options(options, Side::kClient, "stat")),
             RollingFile(env.disk, file_options(options, Side::kServer, "stat"))} {}

void LogWriter::start() {
  next_stat_ = env_.clock.now() + options_.stat_period;
  started_ = true;
  thread_ = env_.blocking.start("tracelog", [this] { return step(); });
}

void LogWriter::stop() {
  if (!std::exchange(started_, false)) return;
  stopping_.store(true, std::memory_order_release);
  signal_.raise();
  env_.blocking.join(thread_);
}

bool LogWriter::step() {
  const std::uint32_t seen = signal_.word.load(std::memory_order_acquire);
  const bool last = stopping_.load(std::memory_order_acquire);
  write_digests();
  const io::TimePoint now = env_.clock.now();
  if (last || now >= next_stat_) {
    write_stats();
    next_stat_ = now + options_.stat_period;
  }
  if (last) return false;
  env_.blocking.wait(signal_.word, seen, std::min(now + options_.flush, next_stat_));
  return true;
}

void LogWriter::write_digests() {
  DigestPlace place{.app = options_.app, .thread = {}, .offset = options_.offset};
  place.wall_minus_monotonic = env_.clock.wall().time_since_epoch() - env_.clock.now().time_since_epoch();
  for (Observer* observer : observers_) {
    Ring<FinishedCall>* ring = observer->log_ring();
    if (!ring) continue;
    const std::string thread = fmt::format("shard-{}", observer->shard());
    place.thread = thread;
    // At most what was there, so that a busy shard does not keep its turn for itself.
    for (std::size_t left = ring->size(); left > 0;) {
      const std::size_t taken = ring->take(std::min(left, kCallsAPiece), [&](const FinishedCall& call) {
        append_digest(lines_[static_cast<std::size_t>(call.side)], call, place);
      });
      left -= taken;
      for (std::size_t side = 0; side < lines_.size(); ++side) {
        append(digests_[side], lines_[side]);
        lines_[side].clear();
      }
    }
  }
}

void LogWriter::write_stats() {
  std::map<StatKey, Sums> sums;
  for (const Observer* observer : observers_) {
    if (!observer->stat()) continue;
    for (const StatTable::Row& row : observer->stat()->rows()) {
      Sums& sum = sums[{row.side, row.method, std::string(row.remote_app.view()), row.success}];
      sum.calls += row.calls.value();
      sum.nanoseconds += row.nanoseconds.value();
    }
  }
  const WallTime now = env_.clock.wall();
  for (auto& [key, sum] : sums) {
    const auto& [side, method, remote_app, success] = key;
    Sums& before = written_[key];
    if (sum.calls == before.calls) continue;
    const MethodTable::Name name = observers_.front()->methods().name(side, method);
    append_stat(lines_[static_cast<std::size_t>(side)],
                {.local_app = options_.app,
                 .remote_app = remote_app,
                 .service = name.service,
                 .method = name.method,
                 .calls = sum.calls - before.calls,
                 .milliseconds = (sum.nanoseconds - before.nanoseconds) / 1'000'000,
                 .success = success},
                now, options_.offset);
    before = sum;
  }
  for (std::size_t side = 0; side < lines_.size(); ++side) {
    append(stats_[side], lines_[side]);
    lines_[side].clear();
  }
}

void LogWriter::append(RollingFile& file, std::string_view lines) {
  const auto done = file.append(lines, env_.clock.wall());
  if (done) return;
  lost_.add(static_cast<std::uint64_t>(std::ranges::count(lines, '\n')));
  if (const auto skipped = throttle_.admit(env_.clock.now().time_since_epoch())) {
    log::warn("tracelog not written: {} {} {} {}", done.error().message(), log::kv("folder", options_.folder),
              log::kv("lines_lost", lost()), log::kv("skipped", *skipped));
  }
}

}  // namespace sofa::observe
