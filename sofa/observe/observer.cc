#include "sofa/observe/observer.h"

#include "sofa/base/mutant.h"
#include "sofa/observe/prometheus.h"

namespace sofa::observe {
namespace {

// A method has its gauge, its histogram and as a rule two outcomes; the rest of the room is for everything else.
constexpr std::size_t kFiguresPerMethod = 4;
constexpr std::size_t kOtherFigures = 512;

std::unique_ptr<Ring<FinishedCall>> make_ring(std::size_t capacity) {
  return capacity == 0 ? nullptr : std::make_unique<Ring<FinishedCall>>(capacity);
}

}  // namespace

Observer::Observer(int shard, const MethodTable& methods, io::Clock& clock, const Options& options)
    : shard_(shard),
      methods_(methods),
      clock_(clock),
      options_(options),
      keeps_all_(options.log_ring != 0 && !options.only_sampled_digests),
      counters_(methods.capacity() * kFiguresPerMethod + kOtherFigures),
      figures_(methods.capacity() + 2),
      stat_(options.stat ? std::make_unique<StatTable>() : nullptr),
      log_ring_(make_ring(options.log_ring)),
      span_ring_(make_ring(options.span_ring)) {}

void Observer::make(Side side, MethodId method, MethodFigures& figures) noexcept {
  const MethodTable::Name name = methods_.name(side, method);
  const auto series = [&](std::string_view family) {
    return labelled(family, {{"side", name_of(name.side)}, {"service", name.service}, {"method", name.method}});
  };
  figures.in_flight = &counters_.gauge(series("sofa_rpc_calls_in_flight"), "calls under way");
  figures.duration =
      &counters_.histogram(series("sofa_rpc_call_duration_seconds"), "from a call to its answer, as its side sees it");
}

void Observer::make_outcome(const CallCount& call, Counter*& outcome) noexcept {
  const MethodTable::Name name = methods_.name(call.side, call.method);
  outcome = &counters_.counter(labelled("sofa_rpc_calls_total", {{"side", name_of(name.side)},
                                                                 {"service", name.service},
                                                                 {"method", name.method},
                                                                 {"outcome", name_of(call.outcome)}}),
                               "calls that ended, by how");
}

void Observer::count_stat(const CallCount& call, std::string_view remote_app, MethodFigures& figures) noexcept {
  const bool success = call.outcome == Outcome::kOk;
  StatTable::Row*& row = figures.rows[success ? 1 : 0];
  if (!row || row->remote_app.view() != remote_app) row = &stat_->row(call.side, call.method, remote_app, success);
  StatTable::add(*row, call.elapsed);
}

void Observer::on_end(const CallCount& call, std::string_view remote_app) noexcept {
  MethodFigures& found = figures(call.side, call.method);
  const bool leaves = !SOFA_MUTANT("failed-calls-stay-in-flight") || call.outcome == Outcome::kOk;
  if (call.waited && leaves) found.in_flight->add(-1);
  Counter*& outcome = found.outcomes[static_cast<std::size_t>(call.outcome)];
  if (!outcome) [[unlikely]]
    make_outcome(call, outcome);
  outcome->add(1);
  found.duration->record(static_cast<std::uint64_t>(std::max<io::Duration::rep>(call.elapsed.count(), 0)));
  if (stat_) count_stat(call, remote_app, found);
}

void Observer::on_call(const CallRecord& call) noexcept {
  on_end(call, call.remote_app);
  keep(call);
}

// SOFATracer's programs hear a "no" by its own flag, whose "yes" decides nothing; W3C's flag says "yes" too.
void Observer::decide(TraceContext& root) const {
  if (!samples()) return;
  root.sampled = root.w3c = options_.sampler.records(Sampled::kUndecided, root.trace_id.view());
}

void Observer::keep(const CallRecord& call) noexcept {
  const bool sampled = samples() && options_.sampler.records(call.sampled, call.trace_id);
  if (log_ring_ && (sampled || !options_.only_sampled_digests)) {
    const std::size_t waiting = log_ring_->push(call);
    if (waiting == log_ring_->capacity() / 2 && options_.signal) options_.signal->raise();
  }
  if (span_ring_ && sampled) span_ring_->push(call);
}

}  // namespace sofa::observe
