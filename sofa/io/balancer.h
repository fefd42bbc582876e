// Balancer: moves heavy connections from busy shards to idle ones. A Java client opens one connection to each provider,
// so a few connections may carry all the load and the kernel's choice of shard is luck.
//
// plan_moves decides and is pure; Balancer measures each period, has a connection detached where it is quiescent, and
// attached at its new shard. A connection that does not become quiescent within `patience` stays where it is,
// and nothing is tried for the next 30 periods.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sofa/io/connection.h"

namespace sofa::io {

struct ConnectionLoad {
  std::uint64_t connection;
  int shard;
  std::uint64_t load;
};
struct Move {
  std::uint64_t connection;
  int from;
  int to;
  bool operator==(const Move&) const = default;
};

/// Moves after which the heaviest of `shards` shards carries less; none while it is within `tolerance` of the mean.
/// Each move pays: one that would only shift the peak is not made.
std::vector<Move> plan_moves(std::vector<ConnectionLoad> loads, int shards, double tolerance = 1.15,
                             std::size_t most_moves = 16);

class Balancer {
 public:
  struct Options {
    Duration period = std::chrono::seconds(1);
    Duration patience = std::chrono::milliseconds(200);
    /// A period with less load than this in all is left alone.
    std::uint64_t least_load = 1024 * 1024;
    double tolerance = 1.15;
  };

  /// Starts measuring. `factory` makes the protocols of moved connections. The shards outlive it.
  Balancer(Shards& shards, ProtocolFactory factory, const Options& options);
  /// Stops; a move under way is finished. Any thread but, if it is a shard's, only the first's.
  ~Balancer();

  std::uint64_t moves() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace sofa::io
