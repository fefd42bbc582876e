// ShardFigures: what a shard has counted of itself, and a worker pool, as figures for the exporter.
//
//   ShardFigures figures(observer.counters(), 0);
//   figures.refresh(shard, observer);                 // on the shard, before a collect
//
// Threads: the shard's.
#pragma once

#include <vector>

#include "sofa/base/counters.h"
#include "sofa/io/shard.h"

namespace sofa::observe {

class Observer;

/// Moves a counter up to what was counted elsewhere.
inline void raise_to(Counter& counter, std::uint64_t value) {
  counter.add(value - counter.value());
}

class ShardFigures {
 public:
  ShardFigures(Counters& counters, int shard);
  void refresh(io::Shard& shard, Observer& observer);

 private:
  struct Copied {
    Counter* counter;
    std::uint64_t io::ShardCounters::* from;
  };
  Gauge& connections_;
  Gauge& timers_;
  Counter& digests_dropped_;
  Counter& spans_dropped_;
  Counter& figures_refused_;
  std::vector<Copied> copied_;
};

}  // namespace sofa::observe
