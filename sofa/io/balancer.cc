#include "sofa/io/balancer.h"

#include <algorithm>
#include <atomic>

namespace sofa::io {

std::vector<Move> plan_moves(std::vector<ConnectionLoad> loads, int shards, double tolerance, std::size_t most_moves) {
  std::vector<Move> moves;
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(shards));
  std::uint64_t total = 0;
  for (const ConnectionLoad& load : loads) {
    sums[static_cast<std::size_t>(load.shard)] += load.load;
    total += load.load;
  }
  const double mean = static_cast<double>(total) / shards;
  // The heaviest first: few moves do most of the work.
  std::sort(loads.begin(), loads.end(), [](const ConnectionLoad& a, const ConnectionLoad& b) {
    return a.load != b.load ? a.load > b.load : a.connection < b.connection;
  });
  while (moves.size() < most_moves) {
    const auto highest = std::max_element(sums.begin(), sums.end());
    const auto lowest = std::min_element(sums.begin(), sums.end());
    if (static_cast<double>(*highest) <= mean * tolerance) break;
    const int from = static_cast<int>(highest - sums.begin());
    const int to = static_cast<int>(lowest - sums.begin());
    const auto pays = std::find_if(loads.begin(), loads.end(), [&](const ConnectionLoad& load) {
      return load.shard == from && load.load != 0 && *lowest + load.load < *highest;
    });
    if (pays == loads.end()) break;
    *highest -= pays->load;
    *lowest += pays->load;
    pays->shard = to;
    moves.push_back({pays->connection, from, to});
  }
  return moves;
}

/// Shared with the mails that are on their way between shards, so that none of them finds it gone.
struct Balancer::State : std::enable_shared_from_this<Balancer::State> {
  State(Shards& group, ProtocolFactory make, const Options& how)
      : shards(group),
        factory(std::move(make)),
        options(how),
        last(static_cast<std::size_t>(group.size())),
        pending(static_cast<std::size_t>(group.size())) {}

  // A move that waits for its connection to become quiescent, on the connection's shard.
  struct Pending {
    Pending(State& s, Shard& at, const Move& what)
        : state(s),
          shard(at),
          move(what),
          give_up(at.now() + s.options.patience),
          timer([](void* self) noexcept { static_cast<Pending*>(self)->run(); }, this) {}
    ~Pending() { shard.timers().cancel(timer); }
    void run();

    State& state;
    Shard& shard;
    Move move;
    TimePoint give_up;
    Timer timer;
    bool paused = false;
  };

  void schedule() { shards[0].timers().arm(timer, shards[0].now() + options.period); }
  void measure();
  void measured(std::vector<ConnectionLoad> of_one);
  static std::vector<ConnectionLoad> sample(State& state, Shard& shard);

  Shards& shards;
  const ProtocolFactory factory;
  const Options options;
  std::atomic<bool> stopped{false};
  std::atomic<std::uint64_t> moves{0};
  std::atomic<int> resting{0};
  // On shard 0:
  Timer timer{[](void* self) noexcept { static_cast<State*>(self)->measure(); }, this};
  std::vector<ConnectionLoad> loads;
  int missing = 0;
  // Each shard's own: the load seen at the last sample, by connection in ascending order.
  std::vector<std::vector<std::pair<std::uint64_t, std::uint64_t>>> last;
  std::vector<std::vector<std::unique_ptr<Pending>>> pending;  // each shard's own too
};

namespace {

/// Periods without moves after one that failed: its connection stood still for `patience`, and would again.
constexpr int kRest = 30;

Connection* find(Shard& shard, std::uint64_t id) {
  Connection* found = nullptr;
  shard.for_each_connection([&](Connection& connection) {
    if (connection.id() == id) found = &connection;
  });
  return found;
}

}  // namespace

std::vector<ConnectionLoad> Balancer::State::sample(State& state, Shard& shard) {
  std::vector<ConnectionLoad> loads;
  auto& before = state.last[static_cast<std::size_t>(shard.index())];
  std::vector<std::pair<std::uint64_t, std::uint64_t>> now;
  shard.for_each_connection([&](Connection& connection) {
    if (connection.protocol().name().empty()) return;
    const auto known = std::lower_bound(before.begin(), before.end(), std::pair{connection.id(), std::uint64_t{0}});
    const std::uint64_t since = known != before.end() && known->first == connection.id() ? known->second : 0;
    now.emplace_back(connection.id(), connection.load());
    if (connection.load() > since) loads.push_back({connection.id(), shard.index(), connection.load() - since});
  });
  std::sort(now.begin(), now.end());
  before = std::move(now);
  return loads;
}

void Balancer::State::measure() {
  if (stopped) return;
  if (resting > 0) {
    --resting;
    return schedule();
  }
  loads.clear();
  missing = shards.serving();
  for (int i = 0; i < shards.serving(); ++i) {
    shards[i].post([self = shared_from_this(), i] {
      self->shards[0].post(
          [self, of_one = sample(*self, self->shards[i])]() mutable { self->measured(std::move(of_one)); });
    });
  }
}

void Balancer::State::measured(std::vector<ConnectionLoad> of_one) {
  loads.insert(loads.end(), of_one.begin(), of_one.end());
  if (--missing != 0 || stopped) return;
  std::uint64_t total = 0;
  for (const ConnectionLoad& load : loads) total += load.load;
  if (total >= options.least_load) {
    for (const Move& move : plan_moves(loads, shards.serving(), options.tolerance)) {
      shards[move.from].post([self = shared_from_this(), move] {
        if (self->stopped) return;
        auto& waiting = self->pending[static_cast<std::size_t>(move.from)];
        waiting.push_back(std::make_unique<Pending>(*self, self->shards[move.from], move));
        waiting.back()->run();
      });
    }
  }
  schedule();
}

void Balancer::State::Pending::run() {
  Connection* connection = find(shard, move.connection);
  if (connection && connection->protocol().quiescent()) {
    ++state.moves;
    auto moved = std::make_shared<ConnectionState>(connection->detach());
    Shard& to = state.shards[move.to];
    to.post([self = state.shared_from_this(), &to, moved] {
      auto protocol = self->factory(to, moved.get());
      to.attach(std::move(*moved), std::move(protocol));
    });
  } else if (connection && shard.now() < give_up) {
    if (!paused) connection->pause_reading();
    paused = true;
    return shard.timers().arm(timer, shard.now() + TimerWheel::kTick);
  } else if (connection && paused) {
    connection->resume_reading();
    state.resting = kRest;
  }
  std::erase_if(state.pending[static_cast<std::size_t>(move.from)],
                [this](const auto& one) { return one.get() == this; });
}

Balancer::Balancer(Shards& shards, ProtocolFactory factory, const Options& options)
    : state_(std::make_shared<State>(shards, std::move(factory), options)) {
  shards[0].post([state = state_] { state->schedule(); });
}

Balancer::~Balancer() {
  state_->stopped = true;
  state_->shards[0].post([state = state_] { state->shards[0].timers().cancel(state->timer); });
  for (int i = 0; i < state_->shards.serving(); ++i) {
    state_->shards[i].post([state = state_, i] {
      auto& waiting = state->pending[static_cast<std::size_t>(i)];
      while (!waiting.empty()) {
        waiting.back()->give_up = TimePoint{};
        waiting.back()->run();
      }
    });
  }
}

std::uint64_t Balancer::moves() const {
  return state_->moves;
}

}  // namespace sofa::io
