// Prometheus: figures as text, in the exposition format 0.0.4 that every scraper reads.
//
//   Counter& calls = counters.counter(labelled("sofa_rpc_calls_total", {{"side", "server"}, {"method", name}}), "…");
//   std::string text;
//   append_prometheus(text, collect(shards));              // answered with kPrometheusType
//
// A histogram whose name ends in `_seconds` was recorded in nanoseconds and is written in seconds; others are written
// in the unit they have. Buckets are fixed. The order is that of names, so equal figures give equal text. Any thread. A
// name that Prometheus would refuse, or one that has two kinds, is left out and counted. Source: Prometheus
// documentation, "Exposition formats", text format 0.0.4.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "sofa/base/counters.h"

namespace sofa::observe {

inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

/// `name{key="value",…}` with values escaped.
std::string labelled(std::string_view name,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

/// Gives how many figures were left out.
std::size_t append_prometheus(std::string& out, std::span<const Figure> figures);

}  // namespace sofa::observe
