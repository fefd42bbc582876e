#include "sofa/observe/span_exporter.h"

#include <algorithm>

#include "sofa/base/mutant.h"
#include "sofa/observe/error.h"
#include "sofa/observe/otlp.h"

namespace sofa::observe {
namespace {

/// Ends early when the call is cancelled.
Task<void> pause_for(io::Duration pause) {
  co_await sleep(pause);
}

bool is_refusal(const Error& error) {
  return error.is(ObserveError::kCollector) && !error.retriable();
}

}  // namespace

SpanExporter::SpanExporter(io::Shard& shard, Options options, std::vector<Observer*> observers,
                           std::unique_ptr<SpanSink> sink)
    : shard_(shard),
      options_(std::move(options)),
      observers_(std::move(observers)),
      sink_(std::move(sink)),
      ended_(shard) {
  batch_.reserve(options_.batch);
}

void SpanExporter::start() {
  context_ = CallContext::make();
  tasks_.start(run(), context_);
}

Task<void> SpanExporter::run() {
  const CallContext& context = co_await sofa::context();
  while (!context.cancelled()) {
    (void)co_await as_result(pause_for(options_.interval));
    co_await send_all();
  }
  context_ = {};
  ended_.notify();
}

Task<void> SpanExporter::send_all() {
  const CallContext& context = co_await sofa::context();
  io::Duration pause = options_.first_pause;
  unsigned tries = 0;
  while (!context.cancelled()) {
    take_batch();
    if (batch_.empty()) co_return;
    if (co_await send_batch(shard_.now() + options_.timeout)) {
      pause = options_.first_pause;
      tries = 0;
      continue;
    }
    if (++tries >= options_.most_tries) {
      give_up();
      co_return;
    }
    (void)co_await as_result(pause_for(pause));
    pause = std::min(pause * 2, options_.longest_pause);
  }
}

/// Fills the batch, in turns from the shards.
void SpanExporter::take_batch() {
  for (std::size_t i = 0; i < observers_.size() && batch_.size() < options_.batch; ++i) {
    Ring<FinishedCall>* ring = observers_[next_observer_++ % observers_.size()]->span_ring();
    if (!ring) continue;
    ring->take(options_.batch - batch_.size(), [&](const FinishedCall& call) { batch_.push_back(call); });
  }
}

Task<bool> SpanExporter::send_batch(io::TimePoint deadline) {
  std::string body;
  io::Clock& clock = shard_.env().clock;
  append_traces(body, {options_.app, options_.version}, batch_,
                clock.wall().time_since_epoch() - clock.now().time_since_epoch());
  const Result<void> sent = co_await as_result(with_deadline(deadline, sink_->send(std::move(body))));
  if (sent) {
    sent_.add(batch_.size());
    batch_.clear();
    co_return true;
  }
  if (SOFA_MUTANT("failed-batch-forgotten")) batch_.clear();
  if (const auto skipped = throttle_.admit(shard_.now().time_since_epoch())) {
    log::warn("spans not sent: {} {} {}", sent.error().what(), log::kv("spans", batch_.size()),
              log::kv("skipped", *skipped));
  }
  if (is_refusal(sent.error())) {
    give_up();
    co_return true;
  }
  co_return false;
}

void SpanExporter::give_up() {
  dropped_.add(batch_.size());
  batch_.clear();
}

Task<void> SpanExporter::end_of_loop() {
  while (context_) co_await ended_.wait();
}

Task<void> SpanExporter::stop(io::TimePoint deadline) {
  if (context_) context_->cancel();
  if (!co_await as_result(end_of_loop())) co_return;
  for (take_batch(); !batch_.empty(); take_batch()) {
    const bool in_time = shard_.now() < deadline;
    if (!in_time || !co_await send_batch(std::min(deadline, shard_.now() + options_.timeout))) give_up();
  }
}

}  // namespace sofa::observe
