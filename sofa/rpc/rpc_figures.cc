#include "sofa/rpc/rpc_figures.h"

#include "sofa/observe/shard_figures.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"

namespace sofa::rpc {
namespace {

template <class Counts>
struct Described {
  std::string_view name;
  std::string_view help;
  std::uint64_t Counts::* from;
};

using Server = BoltServerCounts<std::uint64_t>;
constexpr Described<Server> kServerGauges[] = {
    {"sofa_rpc_server_connections", "open connections of callers", &Server::connections},
    {"sofa_rpc_server_calls_waiting", "suspended calls, also of connections that are gone", &Server::in_flight},
};
constexpr Described<Server> kServerCounters[] = {
    {"sofa_rpc_server_requests_total", "requests read", &Server::requests},
    {"sofa_rpc_server_answers_total", "answers sent", &Server::answers},
    {"sofa_rpc_server_answers_dropped_total", "answers whose caller had left", &Server::answers_dropped},
    {"sofa_rpc_server_late_total", "requests dropped because their time had passed", &Server::late},
    {"sofa_rpc_server_oneways_dropped_total", "oneway requests that could not be served", &Server::oneways_dropped},
    {"sofa_rpc_server_bad_frames_total", "connections closed because of what they sent", &Server::bad_frames},
    {"sofa_rpc_server_idle_closed_total", "connections closed because nothing moved on them", &Server::idle_closed},
    {"sofa_rpc_server_heartbeats_total", "heartbeats answered", &Server::heartbeats},
};

using Client = BoltClientCounts<std::uint64_t>;
constexpr Described<Client> kClientGauges[] = {
    {"sofa_rpc_client_connections", "open connections to providers", &Client::connections},
    {"sofa_rpc_client_calls_sent", "calls sent and not answered", &Client::in_flight},
    {"sofa_rpc_client_calls_waiting", "calls that wait for a connection", &Client::waiting},
};
constexpr Described<Client> kClientCounters[] = {
    {"sofa_rpc_client_calls_total", "calls begun", &Client::calls},
    {"sofa_rpc_client_answers_total", "answers that a call waited for", &Client::answers},
    {"sofa_rpc_client_timeouts_total", "calls that ended at their deadline", &Client::timeouts},
    {"sofa_rpc_client_late_answers_total", "answers that nobody waited for any more", &Client::late_answers},
    {"sofa_rpc_client_disconnected_calls_total", "calls that lost their connection", &Client::disconnected_calls},
    {"sofa_rpc_client_connect_failures_total", "connections that could not be opened", &Client::connect_failures},
    {"sofa_rpc_client_heartbeat_losses_total", "connections closed for unanswered heartbeats",
     &Client::heartbeat_losses},
    {"sofa_rpc_client_bad_frames_total", "connections closed because of what they sent", &Client::bad_frames},
};

void refresh(Counters& counters, const auto& counts, const auto& gauges, const auto& totals) {
  for (const auto& each : gauges) {
    counters.gauge(each.name, each.help).set(static_cast<std::int64_t>(counts.*each.from));
  }
  for (const auto& each : totals) observe::raise_to(counters.counter(each.name, each.help), counts.*each.from);
}

}  // namespace

void refresh_figures(Counters& counters, const BoltServer& server) {
  refresh(counters, server.counts(), kServerGauges, kServerCounters);
}

void refresh_figures(Counters& counters, const BoltClient& client) {
  refresh(counters, client.counts(), kClientGauges, kClientCounters);
}

}  // namespace sofa::rpc
