#include "sofa/registry/presence.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/mutant.h"

namespace sofa::registry {
namespace {

// Java counts its versions from 2019-01-01 in Beijing, in milliseconds and a sequence of 15 bits.
constexpr std::int64_t kVersionEpoch = 1'546'272'000'000;
constexpr int kSequenceBits = 15;
// What an empty list has that was never published: no list that a client knows is older, so it wipes none.
constexpr std::uint64_t kNeverPublished = 1;
// What a second of this machine's time moves to subscribers, roughly: pushes are merged the more, the more they cost.
constexpr std::size_t kBytesPerSecond = 200 << 20;
constexpr std::size_t kBytesPerPush = 200;

constexpr std::string_view kDefaultInstance = "DEFAULT_INSTANCE_ID", kDefaultGroup = "DEFAULT_GROUP";

std::string_view or_default(const std::string& text, std::string_view by_default) {
  return text.empty() ? by_default : std::string_view(text);
}

std::uint64_t version_of(const Datum& datum) {
  return std::max(datum.version, kNeverPublished);
}

}  // namespace

auto Presence::kind_of(const Subscriber* subscriber) {
  const bool by_zone = subscriber->scope == Scope::kZone;
  return std::tuple(subscriber->client->number_, subscriber->scope,
                    by_zone ? std::string_view(subscriber->zone.text()) : std::string_view());
}

std::string DatumId::to_string() const {
  return fmt::format("{}#@#{}#@#{}", data_id, or_default(instance_id, kDefaultInstance),
                     or_default(group, kDefaultGroup));
}

Presence::Presence(Wall wall, io::TimePoint now, Options options, Past past)
    : wall_(std::move(wall)),
      options_(options),
      last_version_(SOFA_MUTANT("registry-version-reused") ? 0 : past.version),
      past_(std::move(past)),
      is_recovering_(!past_.publishers.empty() && !SOFA_MUTANT("registry-no-barrier")),
      recovered_by_(now + options.recovery),
      next_repair_(now + options.repair) {}

Presence::~Presence() = default;

std::uint64_t Presence::next_version() {
  const auto by_clock = static_cast<std::uint64_t>(std::max<std::int64_t>(wall_() - kVersionEpoch, 0)) << kSequenceBits;
  return last_version_ = std::max(last_version_ + 1, by_clock);
}

std::shared_ptr<const Origin> Presence::origin_of(std::string_view zone, std::string_view app) {
  const std::hash<std::string_view> hash;
  std::shared_ptr<const Origin>& place = origins_[(hash(zone) * 31 + hash(app)) % origins_.size()];
  if (!place || place->zone != zone || place->app != app) {
    place = std::make_shared<const Origin>(Origin{std::string(zone), std::string(app)});
  }
  return place;
}

Datum& Presence::datum_of(const DatumId& id) {
  const auto [at, is_new] = data_.try_emplace(id.to_string());
  if (is_new) {
    at->second = std::make_unique<Datum>();
    at->second->number = ++last_number_;
    at->second->id = {id.data_id, std::string(or_default(id.instance_id, kDefaultInstance)),
                      std::string(or_default(id.group, kDefaultGroup))};
    at->second->name = &at->first;
  }
  return *at->second;
}

const Datum* Presence::find(std::string_view name) const {
  const auto found = data_.find(std::string(name));
  return found == data_.end() ? nullptr : found->second.get();
}

void Presence::forget_if_empty(Datum& datum) {
  if (!datum.publishers.empty() || !datum.subscribers.empty() || !datum.lost.empty()) return;
  plan(datum, io::kNever);
  losing_.erase(&datum);
  if (datum.kept != UINT32_MAX) kept_encoded_[datum.kept] = nullptr;
  data_.erase(data_.find(*datum.name));
}

void Presence::keep_encoded(Datum& datum, Encoded encoded) {
  datum.encoded.push_back(std::move(encoded));
  if (datum.kept != UINT32_MAX) return;
  Datum*& place = kept_encoded_[next_kept_];
  if (place) {
    place->encoded = {};
    place->kept = UINT32_MAX;
  }
  place = &datum;
  datum.kept = next_kept_;
  next_kept_ = (next_kept_ + 1) % static_cast<std::uint32_t>(kept_encoded_.size());
}

void Presence::put_in(Publisher& publisher) {
  publisher.at = static_cast<std::uint32_t>(publisher.datum->publishers.size());
  publisher.datum->publishers.push_back(&publisher);
  ++publishers_;
}

void Presence::take_out(Publisher& publisher) {
  std::vector<Publisher*>& all = publisher.datum->publishers;
  all[publisher.at] = all.back();
  all[publisher.at]->at = publisher.at;
  all.pop_back();
  publisher.at = Publisher::kNowhere;
  --publishers_;
}

bool Presence::publish(Client& client, Publish what, io::TimePoint now) {
  const auto known = client.publishers_.find(what.id);
  if (known != client.publishers_.end()) {
    Publisher& publisher = **known;
    if (std::pair(what.version, what.timestamp) < std::pair(publisher.version, publisher.timestamp) &&
        !SOFA_MUTANT("registry-old-write-taken")) {
      return true;
    }
    publisher.version = what.version;
    publisher.timestamp = what.timestamp;
    publisher.values = std::move(what.values);
    publisher.origin = origin_of(what.zone, what.app);
    change(*publisher.datum, now);
    return true;
  }
  if (client.publishers_.size() >= options_.most_registrations) return false;
  Datum& datum = datum_of(what.datum);
  auto made = std::make_unique<Publisher>(Publisher{.id = what.id,
                                                    .datum = &datum,
                                                    .client = &client,
                                                    .origin = origin_of(what.zone, what.app),
                                                    .values = std::move(what.values),
                                                    .version = what.version,
                                                    .timestamp = what.timestamp});
  const std::unique_ptr<Publisher> before = take_lost(datum, what.id);
  const bool is_same = before && before->at != Publisher::kNowhere && before->values == made->values &&
                       before->origin->zone == made->origin->zone;
  if (before && before->at != Publisher::kNowhere) take_out(*before);
  put_in(*made);
  if (is_recovering_) came_back(datum, what.id);
  client.publishers_.insert(std::move(made));
  if (!is_same) change(datum, now);
  return true;
}

void Presence::unpublish(Client& client, const RegistId& id, std::uint64_t version, io::TimePoint now) {
  const auto known = client.publishers_.find(id);
  if (known == client.publishers_.end() || version < (*known)->version) return;
  if (SOFA_MUTANT("registry-unregister-lost")) return;
  const std::unique_ptr<Publisher> gone = std::move(client.publishers_.extract(known).value());
  take_out(*gone);
  change(*gone->datum, now);
  forget_if_empty(*gone->datum);
}

bool Presence::subscribe(Client& client, const Subscribe& what, io::TimePoint now) {
  auto known = client.subscribers_.find(what.id);
  if (known != client.subscribers_.end()) {
    (*known)->scope = what.scope;
    (*known)->zone = texts_.of(what.zone);
    (*known)->known = 0;
  } else {
    if (client.subscribers_.size() >= options_.most_registrations) return false;
    Datum& datum = datum_of(what.datum);
    if (client.number_ == 0) client.number_ = ++last_number_;
    known = client.subscribers_
                .insert(std::make_unique<Subscriber>(
                    Subscriber{.id = what.id,
                               .datum = &datum,
                               .client = &client,
                               .zone = texts_.of(what.zone),
                               .scope = what.scope,
                               .at = static_cast<std::uint32_t>(datum.subscribers.size())}))
                .first;
    datum.subscribers.push_back(known->get());
    ++subscribers_;
  }
  const Datum& datum = *(*known)->datum;
  const bool is_settling = is_recovering_ && datum.due != io::kNever;
  if (!is_held(datum) && !is_settling) tell_if_wanted(**known, now);
  return true;
}

void Presence::remove(Subscriber& subscriber) {
  std::vector<Subscriber*>& all = subscriber.datum->subscribers;
  all[subscriber.at] = all.back();
  all[subscriber.at]->at = subscriber.at;
  all.pop_back();
  --subscribers_;
}

void Presence::unsubscribe(Client& client, const RegistId& id) {
  const auto known = client.subscribers_.find(id);
  if (known == client.subscribers_.end()) return;
  Datum& datum = *(*known)->datum;
  remove(**known);
  client.subscribers_.erase(known);
  forget_if_empty(datum);
}

void Presence::leave(Client& client, io::TimePoint now, Leaving how) {
  for (const auto& subscriber : std::exchange(client.subscribers_, {})) {
    Datum& datum = *subscriber->datum;
    remove(*subscriber);
    forget_if_empty(datum);
  }
  while (!client.publishers_.empty()) {
    std::unique_ptr<Publisher> publisher = std::move(client.publishers_.extract(client.publishers_.begin()).value());
    Datum& datum = *publisher->datum;
    if (how == Leaving::kLost) {
      lose(std::move(publisher), client.address, now);
    } else {
      take_out(*publisher);
      change(datum, now);
    }
    forget_if_empty(datum);
  }
}

void Presence::lose(std::unique_ptr<Publisher> publisher, const SharedText& address, io::TimePoint now) {
  Datum& datum = *publisher->datum;
  publisher->client = nullptr;
  Publisher& lost = *datum.lost.emplace_back(Datum::Lost{std::move(publisher), now, address}).publisher;
  losing_.insert(&datum);
  if (datum.is_protected()) return;  // it stays in the list
  take_out(lost);
  if (is_mass_loss(datum) && !SOFA_MUTANT("registry-no-protection")) {
    datum.kept_until = now + options_.protect_for;
    for (const Datum::Lost& each : datum.lost) put_in(*each.publisher);
  }
  change(datum, now);
}

bool Presence::is_mass_loss(const Datum& datum) const {
  const std::size_t lost = datum.lost.size(), before = lost + datum.publishers.size();
  if (lost < options_.protect_least) return false;
  if (static_cast<double>(lost) <= options_.protect_share * static_cast<double>(before)) return false;
  const auto host_of = [](const Datum::Lost& each) {
    const std::string& address = each.address.text();
    return std::string_view(address).substr(0, address.rfind(':'));
  };
  const std::string_view first = host_of(datum.lost.front());
  return std::ranges::any_of(datum.lost, [&](const Datum::Lost& each) { return host_of(each) != first; });
}

std::unique_ptr<Publisher> Presence::take_lost(Datum& datum, const RegistId& id) {
  const auto found =
      std::ranges::find_if(datum.lost, [&](const Datum::Lost& each) { return each.publisher->id == id; });
  if (found == datum.lost.end()) return nullptr;
  std::unique_ptr<Publisher> taken = std::move(found->publisher);
  datum.lost.erase(found);
  return taken;
}

void Presence::let_go_of_lost(Datum& datum, io::TimePoint now) {
  if (datum.is_protected()) {
    if (now < datum.kept_until && !datum.lost.empty()) return;
    datum.kept_until = io::kNever;
    for (const Datum::Lost& each : datum.lost) take_out(*each.publisher);
    if (!datum.lost.empty()) change(datum, now);
    datum.lost.clear();
  } else {
    std::erase_if(datum.lost, [&](const Datum::Lost& each) { return each.at + options_.protect_within <= now; });
  }
}

void Presence::change(Datum& datum, io::TimePoint now) {
  datum.version = next_version();
  datum.encoded.clear();
  const io::TimePoint before = std::exchange(datum.changed, now);
  if (is_held(datum)) return plan(datum, io::kNever);
  if (is_recovering_) return plan(datum, now + options_.quiet);  // more may come back
  if (datum.due != io::kNever) return;
  plan(datum, before == io::TimePoint{} || now - before >= options_.quiet
                  ? now
                  : std::max(now, datum.pushed + merge_time(datum)));
}

void Presence::plan(Datum& datum, io::TimePoint due) {
  if (datum.due == due) return;
  if (datum.due != io::kNever) due_.erase({datum.due, &datum});
  datum.due = due;
  if (due != io::kNever) due_.emplace(due, &datum);
}

io::Duration Presence::merge_time(const Datum& datum) const {
  std::size_t bytes = 0;
  for (const Publisher* publisher : datum.publishers) bytes += publisher->values.bytes();
  const std::size_t cost = datum.subscribers.size() * (bytes + kBytesPerPush);
  const auto time = std::chrono::duration<double>(static_cast<double>(cost) / static_cast<double>(kBytesPerSecond));
  return std::clamp(options_.merge_least + std::chrono::duration_cast<io::Duration>(time), options_.merge_least,
                    options_.merge_most);
}

// By who they are: a newcomer does not stand for one who is not back.
void Presence::came_back(const Datum& datum, const RegistId& id) {
  const auto expected = past_.publishers.find(*datum.name);
  if (expected == past_.publishers.end()) return;
  std::vector<std::uint32_t>& missing = expected->second;
  const auto at = std::ranges::lower_bound(missing, id.short_hash());
  if (at != missing.end() && *at == id.short_hash()) missing.erase(at);
  const bool is_counted_only = SOFA_MUTANT("registry-newcomers-counted") && !missing.empty();
  if (is_counted_only) missing.pop_back();
  if (missing.empty()) past_.publishers.erase(expected);
}

bool Presence::is_held(const Datum& datum) const {
  return is_recovering_ && past_.publishers.contains(*datum.name);
}

bool Presence::wants(const Subscriber& subscriber, io::TimePoint now) const {
  return !subscriber.is_told && subscriber.known < version_of(*subscriber.datum) && subscriber.not_before <= now &&
         subscriber.client->is_ready() && !is_stopped_;
}

void Presence::tell_if_wanted(Subscriber& subscriber, io::TimePoint now) {
  if (!wants(subscriber, now)) return;
  std::vector<Subscriber*> one{&subscriber};
  tell(*subscriber.datum, one);
}

void Presence::tell(Datum& datum, std::vector<Subscriber*>& subscribers) {
  for (Subscriber* subscriber : subscribers) subscriber->is_told = true;
  for (auto from = subscribers.begin(); from != subscribers.end();) {
    const auto kind = kind_of(*from);
    const auto to = std::find_if(from, subscribers.end(), [&](Subscriber* one) { return kind_of(one) != kind; });
    (*from)->client->push(datum, std::span(from, to));
    from = to;
  }
}

void Presence::push(Datum& datum, io::TimePoint now) {
  if (is_held(datum)) return;
  datum.pushed = now;
  std::vector<Subscriber*> all;
  for (Subscriber* subscriber : datum.subscribers) {
    if (wants(*subscriber, now)) all.push_back(subscriber);
  }
  std::ranges::sort(all, {}, kind_of);
  tell(datum, all);
}

void Presence::answered(Client& client, std::span<const RegistId> subscribers, std::uint64_t version, bool taken,
                        io::TimePoint now) {
  for (const RegistId& id : subscribers) {
    const auto known = client.subscribers_.find(id);
    if (known == client.subscribers_.end()) continue;
    Subscriber& subscriber = **known;
    subscriber.is_told = false;
    if (taken) {
      subscriber.known = std::max(subscriber.known, version);
      subscriber.failed = 0;
    } else {
      const bool is_too_often = ++subscriber.failed >= options_.breaker;
      subscriber.not_before = now + (is_too_often ? options_.breaker_rest : options_.retry * subscriber.failed);
      if (is_too_often) subscriber.failed = 0;
    }
    // What is due later goes to everybody then.
    if (SOFA_MUTANT("registry-newest-forgotten")) continue;
    if (subscriber.datum->due == io::kNever && !is_held(*subscriber.datum)) tell_if_wanted(subscriber, now);
  }
}

void Presence::drained(Client& client, io::TimePoint now) {
  for (const auto& subscriber : client.subscribers_) {
    if (subscriber->datum->due == io::kNever && !is_held(*subscriber->datum)) tell_if_wanted(*subscriber, now);
  }
}

io::TimePoint Presence::tick(io::TimePoint now) {
  if (is_recovering_ && now >= recovered_by_) end_recovery(now);
  for (auto at = losing_.begin(); at != losing_.end();) {
    Datum& datum = **at;
    let_go_of_lost(datum, now);
    if (!datum.lost.empty()) {
      ++at;
      continue;
    }
    at = losing_.erase(at);
    forget_if_empty(datum);
  }
  while (!due_.empty() && due_.begin()->first <= now) {
    Datum& datum = *due_.begin()->second;
    plan(datum, io::kNever);
    push(datum, now);
  }
  if (now >= next_repair_) repair(now);
  io::TimePoint next = next_repair_;
  if (!due_.empty()) next = std::min(next, due_.begin()->first);
  if (is_recovering_) next = std::min(next, recovered_by_);
  if (!losing_.empty()) next = std::min(next, now + std::chrono::seconds(1));
  return next;
}

void Presence::end_recovery(io::TimePoint now) {
  is_recovering_ = false;
  for (const auto& [name, missing] : std::exchange(past_.publishers, {})) {
    const auto found = data_.find(name);
    if (found == data_.end()) continue;
    change(*found->second, now);
    plan(*found->second, now);
  }
}

void Presence::repair(io::TimePoint now) {
  next_repair_ = now + options_.repair;
  if (SOFA_MUTANT("registry-no-repair")) return;
  for (const auto& [name, datum] : data_) {
    if (datum->due != io::kNever || is_held(*datum)) continue;
    const bool is_behind =
        std::ranges::any_of(datum->subscribers, [&](const Subscriber* one) { return wants(*one, now); });
    if (is_behind) push(*datum, now);
  }
}

Presence::Past Presence::past() const {
  Past past{.publishers = is_recovering_ ? past_.publishers : decltype(past_.publishers){}, .version = last_version_};
  for (const auto& [name, datum] : data_) {
    if (datum->publishers.empty()) continue;
    std::vector<std::uint32_t>& ids = past.publishers[name];
    for (const Publisher* publisher : datum->publishers) ids.push_back(publisher->id.short_hash());
    std::ranges::sort(ids);
  }
  return past;
}

}  // namespace sofa::registry
