// ClusterShard: a cluster as one shard sees it: who may be called, who is chosen, what is tried again. ClusterState:
// what the shards of a cluster share. Private to ClusterRemote.
//
// One shard's thread; its counts may be read from any.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sofa/base/histogram.h"
#include "sofa/io/timer_wheel.h"
#include "sofa/rpc/cluster/balancer.h"
#include "sofa/rpc/cluster/peak_ewma.h"
#include "sofa/rpc/cluster_remote.h"

namespace sofa::io {
class Shard;
}

namespace sofa::rpc {

class Router;

/// How calls to one provider went: counted by each shard for itself, judged over all of them.
struct ProviderRecord {
  struct alignas(64) Stripe {
    SingleWriter calls, failures, answered, latency_us;
  };
  explicit ProviderRecord(std::size_t shards) : by_shard(shards) {}
  std::vector<Stripe> by_shard;
  /// FaultTolerance's verdict, in thousandths of the provider's own weight.
  std::atomic<std::uint32_t> weight_permille{1000};
  std::uint64_t calls = 0, failures = 0, answered = 0, latency_us = 0;  // up to the last window; the regulator's
};

struct ClusterState {
  ClusterRemote::Target target;
  ClusterOptions options;
  ClusterRemote::MakeRemote make_remote;
  std::vector<std::shared_ptr<Router>> routers = {};
  std::size_t shards = 0;

  /// Of the provider at that address, made at the first call.
  std::shared_ptr<ProviderRecord> record(const std::string& address);
  /// With the mutex held: drops the records of providers that are not in the list and that no shard or call holds: one
  /// that sees a provider leave and return as one change goes on with the record it has. Degraded ones stay until the
  /// regulator has seen that they are gone, for they may be back before, and then it knows of no absence to repeat its
  /// verdict for. They are as few as it degrades at a time.
  void forget_departed(bool and_degraded);
  ProviderListPtr snapshot() const;

  mutable std::mutex mutex;  // the two below
  ProviderListPtr list;
  std::map<std::string, std::shared_ptr<ProviderRecord>> records;
  std::atomic<std::uint64_t> list_version{0};     // goes up with each list; 0: there was none yet
  std::atomic<std::uint64_t> weights_version{0};  // goes up with the regulator's verdicts
};

class ClusterShard final : public CallObserver, public std::enable_shared_from_this<ClusterShard> {
 public:
  ClusterShard(io::Shard& shard, std::shared_ptr<ClusterState> state, std::unique_ptr<Balancer> balancer);
  ~ClusterShard();

  void start(RemoteCall& call);
  void abandon(RemoteCall& call);
  /// Takes over the newest list: connects to who came, lets go of who went, starts the calls that waited.
  void refresh();
  /// No call is under way any more: stops its timers and lets go of the providers.
  void close();

  bool answered(RemoteCall& call) override;
  bool failed(RemoteCall& call, Error& error) override;

  io::Shard& shard() const { return shard_; }
  ClusterCounts<Counter> counts;

 private:
  struct Member;
  struct Hedge;

  /// The indices of the providers that a choice passes over.
  class Tried {
   public:
    void add(std::size_t index) { indices_[size_++] = static_cast<std::uint32_t>(index); }
    bool is_full() const { return size_ == kMost; }
    std::span<const std::uint32_t> indices() const { return {indices_, size_}; }

   private:
    static constexpr std::size_t kMost = 2 * RemoteCall::Attempt::kMost;
    std::uint32_t indices_[kMost];
    std::size_t size_ = 0;
  };

  void begin(RemoteCall& call);
  void wait_for_list(RemoteCall& call);
  void give_up_waiting(RemoteCall& call);
  /// Starts an attempt; false when there is nobody to ask.
  bool attempt(RemoteCall& call);
  std::string key_of(const RemoteCall& call);
  std::size_t choose(const RemoteCall& call, std::string_view key);
  std::size_t balance(std::span<Candidate> candidates, const RemoteCall& call, std::string_view key);
  Tried tried_by(const RemoteCall& call) const;
  std::size_t find_target(const RemoteCall& call) const;
  std::span<Candidate> route(const RemoteCall& call);
  std::uint64_t next_chance();
  Error nobody(const RemoteCall& call) const;

  /// Ends the attempt's bookkeeping; the member that it was made at.
  Member& end_attempt(RemoteCall& call);
  bool may_try_again(const RemoteCall& call, const Error& error);

  void arm_hedge(RemoteCall& call);
  void send_hedge(Hedge& hedge);
  bool hedge_answered(Hedge& hedge, RemoteCall& call);
  bool hedge_failed(Hedge& hedge, RemoteCall& call, Error& error);
  void drop_hedge(Hedge& hedge);

  std::unique_ptr<Member> make_member(const Provider& provider);
  void retire(std::unique_ptr<Member> member);
  void update_candidates();
  void look_around();
  void keep_connections();
  std::uint32_t weight_of(const Member& member) const;
  bool is_callable(Member& member) const;

  io::Shard& shard_;
  const std::shared_ptr<ClusterState> state_;
  const std::unique_ptr<Balancer> balancer_;
  RetryBudget budget_;
  std::uint64_t list_version_ = 0;
  std::uint64_t weights_version_ = 0;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Candidate> candidates_;             // of the members, in their order
  std::vector<std::unique_ptr<Member>> retired_;  // with calls under way
  std::uint32_t last_id_ = 0;
  std::uint32_t sticky_id_ = 0;
  std::vector<RemoteCall*> waiting_;  // for the first list
  io::Timer look_around_;
  std::uint64_t chance_;
  // Working memory of a choice.
  std::vector<Candidate> routed_;
  std::vector<const Provider*> providers_;
  std::unique_ptr<bool[]> allowed_;
};

}  // namespace sofa::rpc
