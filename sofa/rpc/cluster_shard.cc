#include "sofa/rpc/cluster_shard.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/io/block_pool.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/cluster_member.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/router.h"

namespace sofa::rpc {
namespace {

// How often a shard looks who can be called: when all can, and while somebody cannot.
constexpr io::Duration kLookAround = std::chrono::seconds(1);
constexpr io::Duration kLookAroundSoon = std::chrono::milliseconds(100);

/// Whether an attempt that ended so says that its provider is in trouble.
bool is_trouble(const Error& error) {
  return error.is(Code::kClientTimeout) || error.is(Code::kServerBusy) || error.is(Code::kClientNetwork);
}

/// The same error, saying who was asked last.
Error naming(const Error& error, std::string_view provider, unsigned attempts) {
  Error named(error.part(), error.code(),
              attempts > 1
                  ? fmt::format("{} (by {}, the last of {} that were tried)", error.message(), provider, attempts)
                  : fmt::format("{} (by {})", error.message(), provider),
              error.retriable() ? Retriable::kYes : Retriable::kNo);
  return error.cause() ? std::move(named).caused_by(*error.cause()) : named;
}

bool is_idempotent(const RemoteCall& call) {
  return call.method().idempotent || call.options().idempotent;
}

}  // namespace

ClusterShard::ClusterShard(io::Shard& shard, std::shared_ptr<ClusterState> state, std::unique_ptr<Balancer> balancer)
    : shard_(shard),
      state_(std::move(state)),
      balancer_(std::move(balancer)),
      budget_(state_->options.retry_budget),
      look_around_([](void* self) noexcept { static_cast<ClusterShard*>(self)->look_around(); }, this),
      chance_(shard.env().random.next() | 1) {}

ClusterShard::~ClusterShard() {
  if (look_around_.armed()) shard_.timers().cancel(look_around_);  // else the shard may be gone
}

std::uint64_t ClusterShard::next_chance() {
  chance_ ^= chance_ << 13;
  chance_ ^= chance_ >> 7;
  return chance_ ^= chance_ << 17;
}

// --- calls

void ClusterShard::start(RemoteCall& call) {
  ++counts.calls;
  const io::TimePoint now = shard_.now();
  call.attempt.observer = this;
  call.attempt.call_deadline = deadline_of(call, state_->target.timeout, now);
  if (call.attempt.call_deadline <= now) {
    return call.finish(Error(Code::kClientTimeout, "the deadline has passed before the call was sent"));
  }
  if (state_->list_version.load(std::memory_order_acquire) != list_version_) [[unlikely]]
    refresh();
  if (list_version_ == 0) [[unlikely]]
    return wait_for_list(call);
  begin(call);
}

void ClusterShard::begin(RemoteCall& call) {
  budget_.deposit();
  const bool may_hedge = (is_idempotent(call) || SOFA_MUTANT("unsafe-call-hedged")) && !call.options().oneway;
  if (state_->options.hedge_after > io::Duration{0} && may_hedge) arm_hedge(call);
  if (attempt(call)) return;
  if (call.attempt.hedge) drop_hedge(*static_cast<Hedge*>(call.attempt.hedge));
  ++counts.no_provider;
  call.finish(nobody(call));
}

void ClusterShard::wait_for_list(RemoteCall& call) {
  if (waiting_.size() >= state_->options.max_waiting) {
    return call.finish(Error(Code::kClientRouter,
                             fmt::format("{} calls wait already for the first providers of {} from {}", waiting_.size(),
                                         state_->target.service, state_->target.source),
                             Retriable::kYes));
  }
  waiting_.push_back(&call);
  call.timer.set(
      [](void* owner) noexcept {
        auto& late = *static_cast<RemoteCall*>(owner);
        static_cast<ClusterShard*>(late.attempt.observer)->give_up_waiting(late);
      },
      &call);
  shard_.timers().arm(call.timer, call.attempt.call_deadline);
}

void ClusterShard::give_up_waiting(RemoteCall& call) {
  std::erase(waiting_, &call);
  ++counts.no_provider;
  call.finish(Error(Code::kClientRouter,
                    fmt::format("{} has said nothing of the providers of {} in the call's time: can it be reached?",
                                state_->target.source, state_->target.service),
                    Retriable::kYes));
}

bool ClusterShard::attempt(RemoteCall& call) {
  RemoteCall::Attempt& attempt = call.attempt;
  if (attempt.count == RemoteCall::Attempt::kMost) return false;
  const std::string key = balancer_->needs_key() ? key_of(call) : std::string();
  const std::size_t index = choose(call, key);
  if (index == kNobody) return false;
  Member& member = *members_[index];
  const io::TimePoint now = shard_.now();
  const io::Duration own = state_->options.attempt_timeout;
  attempt.tried[attempt.count++] = member.id;
  attempt.target = &member;
  attempt.started = now;
  call.sent = false;
  call.deadline = own > io::Duration{0} ? std::min(now + own, attempt.call_deadline) : attempt.call_deadline;
  if (SOFA_MUTANT("deadline-resets-on-retry") && attempt.count > 1) call.deadline += state_->target.timeout;
  candidates_[index].in_flight = ++member.in_flight;
  if (state_->options.sticky) sticky_id_ = member.id;
  member.remote->start(call);
  return true;
}

void ClusterShard::abandon(RemoteCall& call) {
  if (call.attempt.target) {
    end_attempt(call).remote->abandon(call);
  } else if (std::erase(waiting_, &call) > 0) {
    shard_.timers().cancel(call.timer);
  }
  if (call.attempt.hedge) drop_hedge(*static_cast<Hedge*>(call.attempt.hedge));
}

ClusterShard::Member& ClusterShard::end_attempt(RemoteCall& call) {
  Member& member = *static_cast<Member*>(std::exchange(call.attempt.target, nullptr));
  --member.in_flight;
  if (member.index != kNobody) candidates_[member.index].in_flight = member.in_flight;
  return member;
}

bool ClusterShard::answered(RemoteCall& call) {
  Member& member = end_attempt(call);
  member.count_answer(shard_, call.attempt.started, call.options().oneway);
  if (member.index != kNobody) candidates_[member.index].latency_us = member.ewma.value(shard_.now());
  if (auto* hedge = static_cast<Hedge*>(call.attempt.hedge)) return hedge_answered(*hedge, call);
  return false;
}

bool ClusterShard::failed(RemoteCall& call, Error& error) {
  Member& member = end_attempt(call);
  if (is_trouble(error)) {
    member.count_trouble(shard_, call.attempt.started);
    if (member.index != kNobody) candidates_[member.index].latency_us = member.ewma.value(shard_.now());
  } else {
    member.count_answer(shard_, call.attempt.started, call.options().oneway);
  }
  if (auto* hedge = static_cast<Hedge*>(call.attempt.hedge)) {
    if (hedge_failed(*hedge, call, error)) return true;
  }
  const bool is_here = member.index != kNobody;
  if (may_try_again(call, error) && attempt(call)) return true;
  if (is_trouble(error) && is_here) error = naming(error, member.text, call.attempt.count);
  return false;
}

bool ClusterShard::may_try_again(const RemoteCall& call, const Error& error) {
  const io::TimePoint now = shard_.now();
  if (now >= call.attempt.call_deadline) return false;
  // Not sent in the attempt's time either: the connection was still being made.
  const bool is_network = error.is(Code::kClientNetwork), is_timeout = error.is(Code::kClientTimeout);
  const bool is_unsent = (is_network || is_timeout) && !call.sent && !SOFA_MUTANT("unsent-call-not-moved");
  if (is_unsent) {
    ++counts.moved;
    return true;
  }
  const bool is_safe = error.is(Code::kServerBusy) || SOFA_MUTANT("unsafe-call-retried") ||
                       ((is_timeout || is_network) && is_idempotent(call));
  if (!is_safe || !state_->options.failover || call.attempt.count > state_->options.retries) return false;
  if (!budget_.withdraw(now) && !SOFA_MUTANT("retry-budget-ignored")) {
    ++counts.retries_denied;
    return false;
  }
  ++counts.retries;
  return true;
}

// --- choice

std::string ClusterShard::key_of(const RemoteCall& call) {
  // Objects hash by identity in Java: their calls are spread. Only calls without arguments share a place.
  std::optional<std::string> key = call.hash_key();
  return key ? *std::move(key) : std::to_string(next_chance());
}

std::size_t ClusterShard::choose(const RemoteCall& call, std::string_view key) {
  if (!call.options().target.empty()) return find_target(call);
  if (sticky_id_ != 0 && call.attempt.count == 0) {
    const auto found = std::ranges::find(members_, sticky_id_, [](const auto& member) { return member->id; });
    if (found != members_.end() && is_callable(**found)) return (*found)->index;
  }
  const bool is_routed = !state_->routers.empty();
  const std::span<Candidate> candidates = is_routed ? route(call) : std::span<Candidate>(candidates_);
  const std::size_t index = balance(candidates, call, key);
  if (index != kNobody) return index;
  // Nobody is known to be there. Somebody may have come back meanwhile: connecting will tell.
  if (!is_routed) routed_ = candidates_;
  for (std::size_t i = 0; i < routed_.size(); ++i) routed_[i].available = !is_routed || allowed_[i];
  Tried tried = tried_by(call);
  return balancer_->choose(routed_, {.random = next_chance(), .key = key, .tried = tried.indices()});
}

std::size_t ClusterShard::balance(std::span<Candidate> candidates, const RemoteCall& call, std::string_view key) {
  Tried tried = tried_by(call);
  std::size_t thinned = kNobody;
  for (;;) {
    const std::size_t index =
        balancer_->choose(candidates, {.random = next_chance(), .key = key, .tried = tried.indices()});
    if (index == kNobody) return thinned;
    Member& member = *members_[index];
    if (!is_callable(member)) {
      candidates[index].available = candidates_[index].available = false;
      continue;
    }
    if (balancer_->knows_weights()) return index;
    // This balancer knows no weights: a provider that shall have a part of its calls is passed over by chance.
    const std::uint32_t share = member.record->weight_permille.load(std::memory_order_relaxed);
    if (share >= 1000 || next_chance() % 1000 < share || tried.is_full()) return index;
    thinned = index;
    tried.add(index);
  }
}

ClusterShard::Tried ClusterShard::tried_by(const RemoteCall& call) const {
  Tried tried;
  for (std::size_t i = 0; i < call.attempt.count; ++i) {
    const auto found =
        std::ranges::find(members_, call.attempt.tried[i], [](const auto& member) { return member->id; });
    if (found != members_.end()) tried.add((*found)->index);
  }
  return tried;
}

std::size_t ClusterShard::find_target(const RemoteCall& call) const {
  if (call.attempt.count > 0) return kNobody;
  const auto found =
      std::ranges::find(members_, call.options().target, [](const auto& member) { return member->text; });
  return found == members_.end() ? kNobody : (*found)->index;
}

std::span<Candidate> ClusterShard::route(const RemoteCall& call) {
  const std::size_t count = members_.size();
  std::fill_n(allowed_.get(), count, true);
  for (const auto& router : state_->routers) router->route(call, providers_, {allowed_.get(), count});
  routed_ = candidates_;
  for (std::size_t i = 0; i < count; ++i) routed_[i].available &= allowed_[i];
  return routed_;
}

Error ClusterShard::nobody(const RemoteCall& call) const {
  const std::string& service = state_->target.service;
  const std::string& source = state_->target.source;
  if (members_.empty()) {
    return Error(Code::kClientRouter, fmt::format("{} has no provider of {}: is one started?", source, service),
                 Retriable::kYes);
  }
  if (!call.options().target.empty()) {
    return Error(Code::kClientRouter, fmt::format("{} is none of the {} providers of {} that {} has",
                                                  call.options().target, members_.size(), service, source));
  }
  return Error(Code::kClientRouter,
               fmt::format("none of the {} providers of {} may serve this call: see the routers of the reference",
                           members_.size(), service),
               Retriable::kYes);
}

// --- hedges

struct ClusterShard::Hedge {
  Hedge(ClusterShard& shard, RemoteCall& call)
      : owner(shard),
        primary(call),
        timer(
            [](void* self) noexcept {
              auto& hedge = *static_cast<Hedge*>(self);
              hedge.owner.send_hedge(hedge);
            },
            this) {}
  static void* operator new(std::size_t size) { return io::allocate_block(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { io::free_block(memory, size); }

  ClusterShard& owner;
  RemoteCall& primary;
  std::optional<RemoteCall> second;
  io::Timer timer;
  std::optional<Error> error;  // the primary's, which ended first
};

void ClusterShard::arm_hedge(RemoteCall& call) {
  auto* hedge = new Hedge(*this, call);
  call.attempt.hedge = hedge;
  shard_.timers().arm(hedge->timer, shard_.now() + state_->options.hedge_after);
}

void ClusterShard::send_hedge(Hedge& hedge) {
  if (!budget_.withdraw(shard_.now())) {
    ++counts.retries_denied;
    return;
  }
  RemoteCall& second = hedge.second.emplace(hedge.primary, RemoteCall::Again{});
  second.attempt = hedge.primary.attempt;
  second.attempt.target = nullptr;
  ++counts.hedges;
  if (!attempt(second)) hedge.second.reset();
}

void ClusterShard::drop_hedge(Hedge& hedge) {
  shard_.timers().cancel(hedge.timer);
  if (hedge.second && hedge.second->attempt.target) end_attempt(*hedge.second).remote->abandon(*hedge.second);
  hedge.primary.attempt.hedge = nullptr;
  delete &hedge;
}

bool ClusterShard::hedge_answered(Hedge& hedge, RemoteCall& call) {
  RemoteCall& primary = hedge.primary;
  if (&call == &primary) {
    drop_hedge(hedge);
    return false;
  }
  ++counts.hedges_won;
  if (primary.attempt.target) end_attempt(primary).remote->abandon(primary);
  drop_hedge(hedge);
  primary.finish();
  return true;
}

bool ClusterShard::hedge_failed(Hedge& hedge, RemoteCall& call, Error& error) {
  RemoteCall& primary = hedge.primary;
  const bool is_second_under_way = hedge.second && hedge.second->attempt.target;
  if (&call == &primary) {
    if (is_second_under_way) {
      hedge.error = std::move(error);
      return true;
    }
    drop_hedge(hedge);
    return false;
  }
  std::optional<Error> first = std::move(hedge.error);
  drop_hedge(hedge);
  if (first) primary.finish(*std::move(first));
  return true;
}

// --- providers

void ClusterShard::refresh() {
  list_version_ = state_->list_version.load(std::memory_order_acquire);
  const ProviderListPtr list = state_->snapshot();
  std::map<std::string, std::unique_ptr<Member>> before;
  for (auto& member : members_) before.emplace(member->key(), std::move(member));
  std::map<std::string, std::unique_ptr<Member>> now;
  for (const Provider& provider : list->providers) {
    std::unique_ptr<Member>& member = now[Member::key_of(provider)];
    if (auto known = before.extract(Member::key_of(provider))) member = std::move(known.mapped());
    if (member) {
      member->update(provider, shard_.env());
    } else {
      member = make_member(provider);
      if (!member) now.erase(Member::key_of(provider));
    }
  }
  members_.clear();
  for (auto& [key, member] : now) members_.push_back(std::move(member));
  for (auto& [key, member] : before) {
    SOFA_MUTANT("removed-provider-kept") ? members_.push_back(std::move(member)) : retire(std::move(member));
  }
  update_candidates();
  look_around();
  std::vector<RemoteCall*> waited;
  waited.swap(waiting_);
  for (RemoteCall* call : waited) {
    shard_.timers().cancel(call->timer);
    if (!SOFA_MUTANT("waiting-calls-forgotten")) begin(*call);
  }
}

std::unique_ptr<ClusterShard::Member> ClusterShard::make_member(const Provider& provider) {
  std::shared_ptr<Remote> remote = state_->make_remote(provider);
  if (!remote) return nullptr;
  auto member = std::make_unique<Member>();
  member->text = provider.address.to_string();
  member->id = ++last_id_;
  member->remote = std::move(remote);
  member->record = state_->record(member->text);
  member->is_local =
      std::ranges::find(state_->options.local_hosts, provider.address.host) != state_->options.local_hosts.end();
  member->update(provider, shard_.env());
  return member;
}

void ClusterShard::retire(std::unique_ptr<Member> member) {
  member->index = kNobody;
  member->remote->release();
  if (member->in_flight > 0) retired_.push_back(std::move(member));
}

std::uint32_t ClusterShard::weight_of(const Member& member) const {
  const std::uint32_t own = shard_.now() < member.warm_until ? member.warm_weight : member.provider.weight;
  const std::uint32_t permille = member.record->weight_permille.load(std::memory_order_relaxed);
  if (permille == 1000 || own == 0) return own;
  const auto degraded = static_cast<std::uint32_t>(std::uint64_t{own} * permille / 1000);
  return std::max(degraded, state_->options.fault_tolerance.degrade_least_weight);
}

bool ClusterShard::is_callable(Member& member) const {
  const Remote::Readiness readiness = member.remote->readiness();
  if (readiness == Remote::Readiness::kReady) return true;
  return readiness == Remote::Readiness::kIdle && state_->options.connect == Connect::kLazy;
}

void ClusterShard::update_candidates() {
  weights_version_ = state_->weights_version.load(std::memory_order_acquire);
  candidates_.clear();
  providers_.clear();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = *members_[i];
    member.index = i;
    candidates_.push_back({.provider = &member.provider,
                           .weight = weight_of(member),
                           .in_flight = member.in_flight,
                           .latency_us = member.ewma.value(shard_.now()),
                           .available = is_callable(member),
                           .is_local = member.is_local});
    providers_.push_back(&member.provider);
  }
  allowed_ = std::make_unique<bool[]>(members_.size());
  balancer_->rebuild(candidates_);
}

void ClusterShard::look_around() {
  std::erase_if(retired_, [](const auto& member) { return member->in_flight == 0; });
  keep_connections();
  const io::TimePoint now = shard_.now();
  bool is_all_well = true, is_weight_new = weights_version_ != state_->weights_version.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    candidates_[i].available = is_callable(*members_[i]);
    candidates_[i].latency_us = members_[i]->ewma.value(now);
    is_all_well &= candidates_[i].available;
    is_weight_new |= candidates_[i].weight != weight_of(*members_[i]);
  }
  if (is_weight_new) update_candidates();
  shard_.timers().arm(look_around_, now + (is_all_well ? kLookAround : kLookAroundSoon));
}

void ClusterShard::keep_connections() {
  const ClusterOptions& options = state_->options;
  if (options.connect == Connect::kLazy || members_.empty()) return;
  if (options.connect == Connect::kAll) {
    for (const auto& member : members_) member->remote->prepare();
    return;
  }
  std::size_t wanted =
      options.elastic_percent > 0 ? (members_.size() * options.elastic_percent + 99) / 100 : options.elastic_size;
  const std::size_t first = shard_.env().random.next() % members_.size();
  // Those that are connected count first, then others by chance until there are enough.
  for (const auto& member : members_) {
    const auto readiness = member->remote->readiness();
    const bool is_connected = readiness == Remote::Readiness::kReady || readiness == Remote::Readiness::kConnecting;
    if (is_connected && wanted > 0) --wanted;
  }
  for (std::size_t i = 0; i < members_.size() && wanted > 0; ++i) {
    Remote& remote = *members_[(first + i) % members_.size()]->remote;
    if (remote.readiness() != Remote::Readiness::kIdle) continue;
    remote.prepare();
    --wanted;
  }
}

void ClusterShard::close() {
  shard_.timers().cancel(look_around_);
  for (auto& member : members_) retire(std::move(member));
  members_.clear();
  candidates_.clear();
}

}  // namespace sofa::rpc
