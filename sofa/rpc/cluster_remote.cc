#include "sofa/rpc/cluster_remote.h"

#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/cluster_regulator.h"
#include "sofa/rpc/cluster_shard.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/router.h"

namespace sofa::rpc {

std::shared_ptr<ProviderRecord> ClusterState::record(const std::string& address) {
  const std::lock_guard lock(mutex);
  std::shared_ptr<ProviderRecord>& record = records[address];
  if (!record) record = std::make_shared<ProviderRecord>(shards);
  return record;
}

void ClusterState::forget_departed(bool and_degraded) {
  if (!list || SOFA_MUTANT("provider-records-kept")) return;
  std::erase_if(records, [&](const auto& entry) {
    const auto& [address, record] = entry;
    const bool is_degraded = record->weight_permille.load(std::memory_order_relaxed) < 1000;
    const bool is_held = record.use_count() > 1;  // by shards that have not seen yet that it left, and may never
    return !is_held && (and_degraded || !is_degraded) &&
           std::ranges::none_of(list->providers,
                                [&](const Provider& provider) { return provider.address.to_string() == address; });
  });
}

ProviderListPtr ClusterState::snapshot() const {
  const std::lock_guard lock(mutex);
  return list;
}

Result<std::shared_ptr<ClusterRemote>> ClusterRemote::make(io::Shards& shards, Target target, ClusterOptions options,
                                                           MakeRemote make_remote) {
  SOFA_TRY_VOID(make_balancer(options.load_balancer));
  SOFA_TRY(auto routers, make_routers(options.routers));
  auto state = std::make_shared<ClusterState>();
  state->routers = std::move(routers);
  state->target = std::move(target);
  state->options = std::move(options);
  state->make_remote = std::move(make_remote);
  state->shards = static_cast<std::size_t>(shards.size());
  return std::shared_ptr<ClusterRemote>(new ClusterRemote(shards, std::move(state)));
}

ClusterRemote::ClusterRemote(io::Shards& shards, std::shared_ptr<ClusterState> state) : state_(std::move(state)) {
  for (int i = 0; i < shards.size(); ++i) {
    shards_.push_back(std::make_shared<ClusterShard>(shards[i], state_, *make_balancer(state_->options.load_balancer)));
    links_.push_back(shards[i].link());
  }
  if (!state_->options.fault_tolerance.regulation_effective) return;
  regulator_ = std::make_shared<ClusterRegulator>(shards[0], state_);
  links_[0]->post([regulator = regulator_] { regulator->start(); });
}

// The shards' parts go on their shards, where nothing else touches them; a shard that is gone needs nothing any more.
ClusterRemote::~ClusterRemote() {
  if (regulator_) links_[0]->post([regulator = std::move(regulator_)] { regulator->close(); });
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    links_[i]->post([part = std::move(shards_[i])] { part->close(); });
  }
}

void ClusterRemote::set_providers(ProviderListPtr list) {
  {
    const std::lock_guard lock(state_->mutex);
    const bool is_older = state_->list && list->version < state_->list->version;
    if (is_older && !SOFA_MUTANT("older-list-accepted")) return;
    state_->list = std::move(list);
    state_->list_version.fetch_add(1, std::memory_order_release);
    state_->forget_departed(/*and_degraded=*/SOFA_MUTANT("verdict-lost-on-return"));
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    links_[i]->post([shard = shards_[i]] { shard->refresh(); });
  }
}

ProviderListPtr ClusterRemote::providers() const {
  return state_->snapshot();
}

ClusterShard* ClusterRemote::here() const {
  const io::Shard* shard = io::Shard::current();
  const auto index = static_cast<std::size_t>(shard ? shard->index() : -1);
  return index < shards_.size() && &shards_[index]->shard() == shard ? shards_[index].get() : nullptr;
}

void ClusterRemote::start(RemoteCall& call) {
  ClusterShard* shard = here();
  if (shard) return shard->start(call);
  call.finish(Error(Code::kClientCallType,
                    "called outside the shards of the reference's own context: use its wait, as_future or on_result"));
}

void ClusterRemote::abandon(RemoteCall& call) {
  static_cast<ClusterShard*>(call.attempt.observer)->abandon(call);
}

ClusterCounts<std::uint64_t> ClusterRemote::counts() const {
  ClusterCounts<std::uint64_t> sum;
  for (const auto& shard : shards_) shard->counts.add_to(sum);
  return sum;
}

std::uint32_t ClusterRemote::weight_permille(const Provider& provider) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->records.find(provider.address.to_string());
  return found == state_->records.end() ? 1000 : found->second->weight_permille.load(std::memory_order_relaxed);
}

}  // namespace sofa::rpc
