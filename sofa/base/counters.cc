#include "sofa/base/counters.h"

#include <map>
#include <type_traits>

namespace sofa {

struct Counters::Entry {
  std::string name;
  std::string help;
  FigureKind kind = FigureKind::kCounter;
  Counter counter;
  Gauge gauge;
  std::unique_ptr<Histogram> histogram;  // made for that kind only: it is a hundred times the others

  template <class T>
  T& as() {
    if constexpr (std::is_same_v<T, Counter>) return counter;
    if constexpr (std::is_same_v<T, Gauge>) return gauge;
    if constexpr (std::is_same_v<T, Histogram>) return *histogram;
  }
};

Counters::Counters(std::size_t capacity) : entries_(capacity) {}
Counters::~Counters() = default;

template <class T>
T& Counters::find_or_make(std::string_view name, std::string_view help) {
  constexpr FigureKind kKind = std::is_same_v<T, Counter> ? FigureKind::kCounter
                               : std::is_same_v<T, Gauge> ? FigureKind::kGauge
                                                          : FigureKind::kHistogram;
  auto make = [&] {
    auto entry = std::make_unique<Entry>();
    entry->name = name;
    entry->help = help;
    entry->kind = kKind;
    if (kKind == FigureKind::kHistogram) entry->histogram = std::make_unique<Histogram>();
    return entry;
  };
  if (auto found = by_name_.find(name); found != by_name_.end()) {
    if (found->second->kind == kKind) return found->second->template as<T>();
  } else if (const std::size_t next = size(); next < entries_.size()) {
    Entry& entry = *(entries_[next] = make());
    by_name_.emplace(entry.name, &entry);
    published_.store(next + 1, std::memory_order_release);
    return entry.as<T>();
  }
  refused_.add(1);
  auto& spare = spare_[static_cast<std::size_t>(kKind)];
  if (!spare) spare = make();
  return spare->template as<T>();
}

Counter& Counters::counter(std::string_view name, std::string_view help) {
  return find_or_make<Counter>(name, help);
}
Gauge& Counters::gauge(std::string_view name, std::string_view help) {
  return find_or_make<Gauge>(name, help);
}
Histogram& Counters::histogram(std::string_view name, std::string_view help) {
  return find_or_make<Histogram>(name, help);
}

std::vector<Figure> collect(std::span<const Counters* const> shards) {
  std::map<std::string_view, Figure> by_name;
  for (const Counters* shard : shards) {
    for (std::size_t i = 0; i < shard->size(); ++i) {
      const Counters::Entry& entry = *shard->entries_[i];
      Figure& figure = by_name[entry.name];
      figure.kind = entry.kind;
      if (figure.name.empty()) figure.name = entry.name;
      if (figure.help.empty()) figure.help = entry.help;
      figure.value += static_cast<std::int64_t>(entry.counter.value()) + entry.gauge.value();  // one of them is 0
      if (entry.histogram) {
        if (!figure.histogram) figure.histogram = std::make_unique<HistogramSnapshot>();
        figure.histogram->add(*entry.histogram);
      }
    }
  }
  std::vector<Figure> figures;
  figures.reserve(by_name.size());
  for (auto& [name, figure] : by_name) figures.push_back(std::move(figure));
  return figures;
}

}  // namespace sofa
