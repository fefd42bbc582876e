// Presence: who publishes what for as long as its connection lives, who subscribes to it, and what subscribers are
// told.
//
//   Presence presence(wall_clock, options);
//   presence.publish(client, {.id = id, .datum = {"x.Y:1.0@DEFAULT", "", "SOFA"}, .values = …}, now);
//   presence.subscribe(client, {.id = id, .datum = …, .scope = Scope::kGlobal}, now);     // client.push(…), now or
//   later presence.leave(client, now, Leaving::kLost);              // its connection closed: what it published goes
//   next = presence.tick(now);                                // pushes what is due; when to call again
//
// A datum that was quiet is pushed at the next tick; one that changes often is pushed merged, and the more rarely the
// more it costs. A subscriber has one push under way and then gets the newest. Versions are Java's, and never go back:
// a clock of milliseconds, kept above the last one given.
//
// Three rules against lists that shrink though nobody left. After a start, a datum is pushed when those who published
// it before are back, or at the end of the recovery. When many are lost by connections at once, they are kept. And who
// left says so: an unregister is heeded at once, always.
//
// Pure: no clock, no sockets. Ownership: clients outlive their stay (`leave` ends it). Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sofa/base/shared_text.h"
#include "sofa/io/env.h"
#include "sofa/registry/packed_values.h"
#include "sofa/registry/regist_id.h"

namespace sofa::registry {

/// Empty: Java's defaults.
struct DatumId {
  std::string data_id;
  std::string instance_id = {};
  std::string group = {};

  /// `dataId#@#instanceId#@#group`, Java's dataInfoId.
  std::string to_string() const;
};

/// Whose addresses a subscriber wants. Java has dataCenter and global too, which are the same here: one data centre.
enum class Scope : std::uint8_t { kZone, kDataCenter, kGlobal };

class Client;
struct Datum;

/// Where publishers are, and whose: many have the same.
struct Origin {
  std::string zone;
  std::string app;
};

struct Publisher {
  RegistId id;
  Datum* datum;
  Client* client;  // null: its connection was lost, and it is kept for a while
  std::shared_ptr<const Origin> origin;
  PackedValues values;
  std::uint64_t version;
  std::int64_t timestamp;
  std::uint32_t at = kNowhere;  // its place in the datum's list

  static constexpr std::uint32_t kNowhere = UINT32_MAX;
};

struct Subscriber {
  RegistId id;
  Datum* datum;
  Client* client;
  SharedText zone;
  Scope scope;
  bool is_told = false;     // a push is under way
  std::uint8_t failed = 0;  // pushes in a row
  std::uint32_t at;
  std::uint64_t known = 0;     // the version that it acknowledged
  io::TimePoint not_before{};  // it is told nothing earlier: pushes to it failed
};

/// Those of one client, found by their ids, which they hold themselves: there are millions of them.
template <class T>
struct OfId {
  using is_transparent = void;
  std::size_t operator()(const RegistId& id) const { return id.hash(); }
  std::size_t operator()(const std::unique_ptr<T>& one) const { return one->id.hash(); }
  static const RegistId& id_of(const RegistId& id) { return id; }
  static const RegistId& id_of(const std::unique_ptr<T>& one) { return one->id; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return id_of(a) == id_of(b);
  }
};
template <class T>
using ById = std::unordered_set<std::unique_ptr<T>, OfId<T>, OfId<T>>;

/// A list in the form that a door sends it in, made once for all its readers.
struct Encoded {
  int form;
  std::string zone;  // of the publishers that are in it; empty: of all
  std::shared_ptr<const void> body;
};

struct Datum {
  std::uint64_t number = 0;  // in the order in which they came
  DatumId id;
  const std::string* name = nullptr;  // DatumId::to_string()
  std::vector<Publisher*> publishers;
  std::vector<Subscriber*> subscribers;
  std::uint64_t version = 0;  // 0: nobody ever published it
  io::TimePoint changed{};
  io::TimePoint pushed{};
  io::TimePoint due = io::kNever;   // its next push
  std::vector<Encoded> encoded;     // of this version
  std::uint32_t kept = UINT32_MAX;  // its place among those of whom that is kept
  struct Lost {
    std::unique_ptr<Publisher> publisher;
    io::TimePoint at;
    SharedText address;  // of its client
  };
  std::vector<Lost> lost;                 // of late, by their connections
  io::TimePoint kept_until = io::kNever;  // kNever: none is kept

  bool is_protected() const { return kept_until != io::kNever; }
};

/// One connection, or whatever else publishes and subscribes.
class Client {
 public:
  virtual ~Client() = default;
  /// Tells `subscribers`, all of this client and of one zone where that matters, the list as it is now; when they have
  /// it, or did not take it, Presence::answered is called with the same version.
  virtual void push(Datum& datum, std::span<Subscriber* const> subscribers) = 0;
  /// False while it does not read what it was sent: Presence::drained says when it does.
  virtual bool is_ready() const = 0;

  /// `host:port`, as others reach it.
  SharedText address;

 private:
  friend class Presence;
  std::uint64_t number_ = 0;  // in the order in which they came; 0: it has not yet
  ById<Publisher> publishers_;
  ById<Subscriber> subscribers_;
};

class Presence {
 public:
  struct Options {
    /// A datum that did not change for so long is pushed at once.
    io::Duration quiet = std::chrono::seconds(1);
    /// Changes are gathered for at least and at most so long otherwise, by what a push costs.
    io::Duration merge_least = std::chrono::milliseconds(50);
    io::Duration merge_most = std::chrono::seconds(1);
    /// Missed pushes are looked for so often.
    io::Duration repair = std::chrono::seconds(5);
    /// How long after the start lists are held back that are not as long as they were.
    io::Duration recovery = std::chrono::seconds(30);
    /// When more than this share of a datum's publishers, and at least so many, are lost within the time, they are
    /// kept.
    double protect_share = 0.3;
    std::size_t protect_least = 10;
    io::Duration protect_within = std::chrono::seconds(10);
    io::Duration protect_for = std::chrono::seconds(60);
    /// Pushes in a row that may fail before a subscriber is left alone, and for how long.
    std::uint8_t breaker = 10;
    io::Duration breaker_rest = std::chrono::seconds(60);
    io::Duration retry = std::chrono::milliseconds(500);
    /// Of one client.
    std::size_t most_registrations = 1'000'000;
  };
  /// What is known of an earlier run: who published each datum (RegistId::short_hash, in order), and the newest version
  /// it can have given.
  struct Past {
    std::map<std::string, std::vector<std::uint32_t>, std::less<>> publishers;
    std::uint64_t version = 0;
  };
  /// Milliseconds of the wall clock since 1970.
  using Wall = std::function<std::int64_t()>;

  Presence(Wall wall, io::TimePoint now, Options options, Past past);
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;
  ~Presence();

  struct Publish {
    RegistId id;
    DatumId datum;
    std::string_view zone = {};
    std::string_view app = {};
    PackedValues values;
    std::uint64_t version = 1;
    std::int64_t timestamp = 0;
  };
  struct Subscribe {
    RegistId id;
    DatumId datum;
    std::string_view zone = {};
    Scope scope = Scope::kGlobal;
  };
  /// Older writes than the one that is known are passed over. False: the client has too many registrations.
  bool publish(Client& client, Publish what, io::TimePoint now);
  bool subscribe(Client& client, const Subscribe& what, io::TimePoint now);
  void unpublish(Client& client, const RegistId& id, std::uint64_t version, io::TimePoint now);
  void unsubscribe(Client& client, const RegistId& id);

  /// How a client goes: it said so, or its connection was lost.
  enum class Leaving : std::uint8_t { kSaid, kLost };
  void leave(Client& client, io::TimePoint now, Leaving how);

  /// `client` has taken, or not, what `push` told it. Ids of those who left meanwhile are passed over.
  void answered(Client& client, std::span<const RegistId> subscribers, std::uint64_t version, bool taken,
                io::TimePoint now);
  /// `client` reads again.
  void drained(Client& client, io::TimePoint now);

  /// Pushes what is due by now; the time of the next call, which may come earlier.
  io::TimePoint tick(io::TimePoint now);
  /// Keeps what was encoded of a datum for others who are told of it soon; of few data at a time.
  void keep_encoded(Datum& datum, Encoded encoded);
  /// While it is stopped, nothing is pushed.
  void stop_push(bool stopped) { is_stopped_ = stopped; }

  const Datum* find(std::string_view name) const;
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [name, datum] : data_) visit(*datum);
  }
  std::size_t data() const { return data_.size(); }
  std::size_t publishers() const { return publishers_; }
  std::size_t subscribers() const { return subscribers_; }
  /// Above every version that was given.
  std::uint64_t last_version() const { return last_version_; }
  /// Lists are held back that are not complete yet.
  bool is_recovering() const { return is_recovering_; }
  /// Of the last run, to start the next with.
  Past past() const;

 private:
  Datum& datum_of(const DatumId& id);
  void forget_if_empty(Datum& datum);
  void put_in(Publisher& publisher);
  void take_out(Publisher& publisher);
  void change(Datum& datum, io::TimePoint now);
  void plan(Datum& datum, io::TimePoint due);
  io::Duration merge_time(const Datum& datum) const;
  bool is_held(const Datum& datum) const;
  void came_back(const Datum& datum, const RegistId& id);
  bool wants(const Subscriber& subscriber, io::TimePoint now) const;
  /// Those who may be told together stand side by side.
  static auto kind_of(const Subscriber* subscriber);
  void push(Datum& datum, io::TimePoint now);
  void tell(Datum& datum, std::vector<Subscriber*>& subscribers);
  void tell_if_wanted(Subscriber& subscriber, io::TimePoint now);
  void remove(Subscriber& subscriber);
  void lose(std::unique_ptr<Publisher> publisher, const SharedText& address, io::TimePoint now);
  /// One who was lost and comes again: it takes its place, and gives what was there.
  std::unique_ptr<Publisher> take_lost(Datum& datum, const RegistId& id);
  bool is_mass_loss(const Datum& datum) const;
  void let_go_of_lost(Datum& datum, io::TimePoint now);
  void end_recovery(io::TimePoint now);
  void repair(io::TimePoint now);
  std::uint64_t next_version();
  std::shared_ptr<const Origin> origin_of(std::string_view zone, std::string_view app);

  const Wall wall_;
  const Options options_;
  std::unordered_map<std::string, std::unique_ptr<Datum>> data_;
  /// By what is the same in each run, and not by where they lie.
  struct Earlier {
    using Due = std::pair<io::TimePoint, Datum*>;
    bool operator()(const Due& a, const Due& b) const {
      return a.first != b.first ? a.first < b.first : a.second->number < b.second->number;
    }
    bool operator()(const Datum* a, const Datum* b) const { return a->number < b->number; }
  };
  std::set<std::pair<io::TimePoint, Datum*>, Earlier> due_;
  std::set<Datum*, Earlier> losing_;  // with something in `lost`
  std::uint64_t last_number_ = 0;
  SharedTexts texts_;
  std::array<std::shared_ptr<const Origin>, 64> origins_;  // those that came last
  std::array<Datum*, 256> kept_encoded_{};
  std::uint32_t next_kept_ = 0;
  std::size_t publishers_ = 0, subscribers_ = 0;
  std::uint64_t last_version_;
  Past past_;  // those who are not back
  bool is_recovering_;
  bool is_stopped_ = false;
  const io::TimePoint recovered_by_;
  io::TimePoint next_repair_;
};

}  // namespace sofa::registry
