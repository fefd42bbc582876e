// ClusterRegulator: has FaultTolerance judge a cluster's providers each window. On the first shard of its group.
#pragma once

#include <memory>

#include "sofa/io/timer_wheel.h"
#include "sofa/rpc/cluster/fault_tolerance.h"
#include "sofa/rpc/cluster_shard.h"

namespace sofa::rpc {

class ClusterRegulator : public std::enable_shared_from_this<ClusterRegulator> {
 public:
  ClusterRegulator(io::Shard& shard, std::shared_ptr<ClusterState> state);
  ~ClusterRegulator();
  /// On its shard.
  void start();
  void close();
  io::Shard& shard() const { return shard_; }

 private:
  void regulate();

  io::Shard& shard_;
  const std::shared_ptr<ClusterState> state_;
  FaultTolerance fault_tolerance_;
  io::Timer window_;
};

}  // namespace sofa::rpc
