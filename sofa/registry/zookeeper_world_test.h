// A model of ZooKeeper for tests: sessions that expire, connections that break with questions under way, servers that
// are gone for minutes or lie; and an application that has the source of addresses over it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sofa/io/shard.h"
#include "sofa/io/sim/process.h"
#include "sofa/io/worker_pool.h"
#include "sofa/registry/zookeeper_source.h"

namespace sofa::registry {

inline const rpc::ServiceKey kEcho{"dev.sofa.bank.EchoService", "1.0", {}};
inline const std::string kPath = "/bank/sofa-rpc/dev.sofa.bank.EchoService/providers";
constexpr const char* kUrl = "zookeeper://zoo:2181/bank";

/// A ZooKeeper. It outlives its sessions.
class Zoo {
 public:
  class Session;
  struct Node {
    int owner = 0;  // the session that it goes with; 0: none
    std::string data;
  };

  ZookeeperSessions sessions() {
    return [this](io::Shard& home, const ZookeeperUrl& url, ZookeeperSession::Events events) {
      return open(home, url, std::move(events));
    };
  }
  void put(const std::string& path, int owner = 0) {
    for (std::size_t at = path.find('/', 1); at != path.npos; at = path.find('/', at + 1)) nodes[path.substr(0, at)];
    nodes[path].owner = owner;
    touched(path);
  }
  void erase(const std::string& path) {
    if (nodes.erase(path) != 0) touched(path);
  }
  std::vector<std::string> children(const std::string& path) const {
    std::vector<std::string> names;
    for (const auto& [at, node] : nodes) {
      if (at.starts_with(path + "/") && at.find('/', path.size() + 1) == at.npos)
        names.push_back(at.substr(path.size() + 1));
    }
    return names;
  }
  /// Nobody answers, and nobody knows it yet.
  void go_silent() { up_ = false; }
  void go_down();
  void come_up();
  void expire_sessions();
  /// From now on it says that there is nobody, or no more.
  void lie(bool from_now_on);
  std::size_t open_sessions() const { return open_.size(); }

  std::map<std::string, Node> nodes;
  std::string refused;   // questions about nodes with this in their path fail
  int lost_answers = 0;  // so many questions are done, and not answered
  int opened = 0;
  int asked = 0;

 private:
  std::unique_ptr<ZookeeperSession> open(io::Shard& home, const ZookeeperUrl& url, ZookeeperSession::Events events);
  void touched(const std::string& path);

  bool up_ = true;
  bool lies_ = false;
  std::set<Session*> open_;
};

class Zoo::Session final : public ZookeeperSession {
 public:
  Session(Zoo& zoo, io::Shard& home, Events events, int id)
      : id(id), zoo_(zoo), home_(home), events_(std::move(events)) {
    zoo_.open_.insert(this);
  }
  ~Session() override { end(); }
  void end() override {
    *alive_ = false;
    if (zoo_.open_.erase(this) == 0) return;
    std::erase_if(zoo_.nodes, [&](const auto& each) { return each.second.owner == id; });
  }
  void create(const std::string& path, const std::string& data, bool ephemeral, Answered answered) override {
    ask(path, std::move(answered), [&]() -> ZookeeperAnswer {
      if (zoo_.nodes.contains(path)) return {.code = ZookeeperCode::kExists};
      const std::string parent = path.substr(0, path.rfind('/'));
      if (!parent.empty() && !zoo_.nodes.contains(parent)) return {.code = ZookeeperCode::kNoNode};
      zoo_.nodes[path] = {ephemeral ? id : 0, data};
      zoo_.touched(path);
      return {.code = ZookeeperCode::kOk};
    });
  }
  void remove(const std::string& path, Answered answered) override {
    ask(path, std::move(answered), [&]() -> ZookeeperAnswer {
      if (zoo_.nodes.erase(path) == 0) return {.code = ZookeeperCode::kNoNode};
      zoo_.touched(path);
      return {.code = ZookeeperCode::kOk};
    });
  }
  void children(const std::string& path, Answered answered) override {
    ask(path, std::move(answered), [&]() -> ZookeeperAnswer {
      if (!zoo_.nodes.contains(path)) return {.code = ZookeeperCode::kNoNode};
      watches_.insert(path);
      return {.code = ZookeeperCode::kOk, .children = zoo_.lies_ ? std::vector<std::string>() : zoo_.children(path)};
    });
  }
  void exists(const std::string& path, bool watch, Answered answered) override {
    ask(path, std::move(answered), [&]() -> ZookeeperAnswer {
      if (watch) watches_.insert(path);
      const auto node = zoo_.nodes.find(path);
      if (node == zoo_.nodes.end()) return {.code = ZookeeperCode::kNoNode};
      return {.code = ZookeeperCode::kOk, .own = node->second.owner == id};
    });
  }
  void tell(State state, const std::string& why) {
    post([this, state, why] { events_.state(state, why); });
  }
  void touch(const std::string& path) {
    if (watches_.erase(path) != 0) post([this, path] { events_.changed(path); });
  }
  const int id;

 private:
  void post(std::function<void()> job) {
    home_.post([alive = alive_, job = std::move(job)] {
      if (*alive) job();
    });
  }
  template <class Do>
  void ask(const std::string& path, Answered answered, Do how) {
    ++zoo_.asked;
    ZookeeperAnswer answer;
    if (zoo_.up_ && !zoo_.refused.empty() && path.find(zoo_.refused) != path.npos) {
      answer = {.code = ZookeeperCode::kFailed, .text = "not authenticated"};
    } else if (zoo_.up_) {
      answer = how();
      if (zoo_.lost_answers > 0) {
        --zoo_.lost_answers;
        answer = {.code = ZookeeperCode::kLost};
      }
    }
    home_.post([answered = std::move(answered), answer] { answered(answer); });
  }

  Zoo& zoo_;
  io::Shard& home_;
  const Events events_;
  std::set<std::string> watches_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

inline std::unique_ptr<ZookeeperSession> Zoo::open(io::Shard& home, const ZookeeperUrl&,
                                                   ZookeeperSession::Events events) {
  auto session = std::make_unique<Session>(*this, home, std::move(events), ++opened);
  if (up_) session->tell(ZookeeperSession::State::kConnected, {});
  return session;
}
inline void Zoo::touched(const std::string& path) {
  for (Session* session : open_) {
    session->touch(path);
    session->touch(path.substr(0, path.rfind('/')));
  }
}
inline void Zoo::go_down() {
  up_ = false;
  for (Session* session : open_) session->tell(ZookeeperSession::State::kLost, "the connection is lost");
}
inline void Zoo::come_up() {
  up_ = true;
  for (Session* session : open_) session->tell(ZookeeperSession::State::kConnected, {});
}
inline void Zoo::lie(bool from_now_on) {
  lies_ = from_now_on;
  std::vector<std::string> all;
  for (const auto& [path, node] : nodes) all.push_back(path);
  for (const std::string& path : all) touched(path);
}
inline void Zoo::expire_sessions() {
  for (Session* session : std::exchange(open_, {})) {
    std::vector<std::string> gone;
    for (const auto& [path, node] : nodes) {
      if (node.owner == session->id) gone.push_back(path);
    }
    for (const std::string& path : gone) erase(path);
    session->tell(ZookeeperSession::State::kEnded, "the session expired");
  }
}

/// An application that has a source.
struct Application {
  io::Shards shards;
  io::WorkerPool workers;
  std::shared_ptr<rpc::AddressSource> source;

  Application(io::sim::Process& process, Zoo& zoo)
      : shards(process.env(), 1), workers(process.env(), {.name = "worker", .threads = 1, .most_queued = 16}) {
    auto made = make_zookeeper_source(kUrl, {shards, workers, "tester"}, zoo.sessions());
    EXPECT_TRUE(made) << made.error().what();
    source = *made;
    shards.start();
  }
};

/// What a watcher was told.
struct Told {
  std::vector<rpc::ProviderListPtr> lists;
  std::unique_ptr<rpc::AddressSource::Watch> watch;
  explicit Told(rpc::AddressSource& source, const rpc::ServiceKey& key = kEcho)
      : watch(source.watch(key, [this](rpc::ProviderListPtr list) { lists.push_back(std::move(list)); })) {}
  bool fresh() const { return !lists.empty() && lists.back()->stale_since == io::kNever; }
  bool stale() const { return !lists.empty() && lists.back()->stale_since != io::kNever; }
  std::vector<std::string> addresses() const {
    std::vector<std::string> all;
    if (lists.empty()) return {"nothing told"};
    for (const rpc::Provider& provider : lists.back()->providers) all.push_back(provider.address.to_string());
    return all;
  }
};

}  // namespace sofa::registry
