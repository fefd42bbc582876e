#include "sofa/observe/shard_figures.h"

#include <fmt/format.h>

#include "sofa/observe/observer.h"
#include "sofa/observe/prometheus.h"

namespace sofa::observe {
namespace {

using C = io::ShardCounters;
struct Described {
  std::string_view name;
  std::string_view help;
  std::uint64_t C::* from;
};
constexpr Described kCopied[] = {
    {"sofa_shard_turns_total", "turns of the event loop", &C::turns},
    {"sofa_shard_events_total", "readiness events", &C::events},
    {"sofa_shard_mails_total", "messages from other threads", &C::mails},
    {"sofa_shard_reads_total", "reads of sockets", &C::reads},
    {"sofa_shard_writes_total", "writes to sockets", &C::writes},
    {"sofa_shard_received_bytes_total", "bytes read", &C::bytes_in},
    {"sofa_shard_sent_bytes_total", "bytes written", &C::bytes_out},
    {"sofa_shard_accepted_total", "connections accepted", &C::accepted},
    {"sofa_shard_connected_total", "connections made", &C::connected},
    {"sofa_shard_closed_total", "connections closed", &C::closed},
    {"sofa_shard_accept_failed_total", "times that descriptors ran out", &C::accept_failed},
    {"sofa_shard_refused_total", "connections closed at the limit", &C::refused_at_limit},
    {"sofa_shard_stalled_total", "connections closed because the peer did not read", &C::stalled},
    {"sofa_shard_overflowed_total", "connections closed because of too much unsent or unread", &C::overflowed},
    {"sofa_shard_back_pressured_total", "times that a connection's output was above its mark", &C::back_pressured},
};

std::string of_shard(std::string_view name, int shard) {
  return labelled(name, {{"shard", fmt::format("{}", shard)}});
}
constexpr std::string_view kDropped = "sofa_observe_dropped_total";
constexpr std::string_view kDroppedHelp = "calls that found the ring of a sink full";

}  // namespace

ShardFigures::ShardFigures(Counters& counters, int shard)
    : connections_(counters.gauge(of_shard("sofa_shard_connections", shard), "open connections")),
      timers_(counters.gauge(of_shard("sofa_shard_timers", shard), "armed timers")),
      digests_dropped_(counters.counter(labelled(kDropped, {{"sink", "digest"}}), kDroppedHelp)),
      spans_dropped_(counters.counter(labelled(kDropped, {{"sink", "span"}}), kDroppedHelp)),
      figures_refused_(
          counters.counter("sofa_observe_figures_refused_total", "figures beyond the limit, not exported")) {
  for (const Described& each : kCopied) {
    copied_.push_back({&counters.counter(of_shard(each.name, shard), each.help), each.from});
  }
}

void ShardFigures::refresh(io::Shard& shard, Observer& observer) {
  connections_.set(static_cast<std::int64_t>(shard.connections()));
  timers_.set(static_cast<std::int64_t>(shard.timers().size()));
  for (const Copied& each : copied_) raise_to(*each.counter, shard.counters().*each.from);
  if (const auto* ring = observer.log_ring()) raise_to(digests_dropped_, ring->dropped());
  if (const auto* ring = observer.span_ring()) raise_to(spans_dropped_, ring->dropped());
  raise_to(figures_refused_, observer.counters().refused());
}

}  // namespace sofa::observe
