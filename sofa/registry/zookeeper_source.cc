#include "sofa/registry/zookeeper_source.h"

#include <algorithm>
#include <map>
#include <optional>

#include "sofa/base/log.h"
#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/io/signal.h"
#include "sofa/rpc/polled_source.h"
#include "sofa/rpc/service_lists.h"

namespace sofa::registry {
namespace {

using namespace std::chrono_literals;
using rpc::ServiceLists;
using Code = ZookeeperCode;
using Answer = ZookeeperAnswer;

constexpr std::size_t kMostPublications = 4096;
// Below the half minute that a context waits for us: its operator shall read what we have to say.
constexpr io::Duration kPatience = 20s;
constexpr io::Duration kFirstPause = 200ms;
constexpr io::Duration kLongestPause = 15s;
// Others may remove what was just found, or create what was just missing; not for ever.
constexpr int kTries = 5;
constexpr const char* kOnline = "\1";

/// `co_await Asking(session, [](ZookeeperSession&, Answered) { … })`; without a session the answer is kLost.
template <class Ask>
class Asking {
 public:
  Asking(ZookeeperSession* session, Ask ask) : session_(session), ask_(std::move(ask)) {}
  bool await_ready() const noexcept { return session_ == nullptr; }
  void await_suspend(std::coroutine_handle<> waiter) {
    ask_(*session_, [this, waiter](Answer answer) {
      answer_ = std::move(answer);
      waiter.resume();
    });
  }
  Answer await_resume() { return std::move(answer_); }

 private:
  ZookeeperSession* session_;
  Ask ask_;
  Answer answer_;
};

/// A node that is to be there, or not any more.
struct Wish {
  std::string place;  // who serves what where, whatever else its url says
  bool published = true;
  bool done = false;
  bool busy = false;
  std::optional<Error> failure = {};  // of the last try
};

struct Watched {
  rpc::ServiceKey key;
  bool busy = false;
  bool again = false;    // it changed while it was asked for
  bool failed = false;   // to be asked for again later
  bool emptied = false;  // all its providers are said to have gone: not believed
};

/// Everything on one shard.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(const rpc::SourceEnvironment& environment, std::string text, ZookeeperUrl url, ZookeeperSessions sessions)
      : home_(environment.shards.any()), text_(std::move(text)), url_(std::move(url)), sessions_(std::move(sessions)) {}

  void start() {
    home_.post([self = shared_from_this()] { self->open(); });
  }
  void stop() {
    // What is posted to a shard that is gone is dropped, and so is the timer then.
    home_.link()->post([self = shared_from_this()] {
      self->stopped_ = true;
      self->home_.timers().cancel(self->retry_);
      self->drop_session();
      self->settled_.raise();
    });
  }
  io::Shard& home() const { return home_; }
  const std::string& text() const { return text_; }
  const std::shared_ptr<ServiceLists>& lists() const { return lists_; }

  void watch(const rpc::ServiceKey& key);
  static Task<void> wish(std::shared_ptr<Core> self, rpc::Publication publication, bool published);

 private:
  void open();
  void drop_session();
  void on_state(ZookeeperSession::State state, const std::string& why);
  void connected();
  void lost(const std::string& why);
  void on_changed(const std::string& path);
  void pause();
  void retry();
  std::string path_of(const rpc::ServiceKey& key) const { return providers_path(url_.root, key.interface); }

  void fulfil(const std::string& path);
  static Task<void> fulfilling(std::shared_ptr<Core> self, std::string path);
  void fulfilled(const std::string& path, bool published, const Answer& answer);
  static Task<Answer> put(std::shared_ptr<Core> self, std::string path);
  static Task<Answer> put_parents(std::shared_ptr<Core> self, std::string path);
  void refresh(const std::string& name);
  static Task<void> refreshing(std::shared_ptr<Core> self, std::string name);
  void take(Watched& watched, const std::string& name, std::vector<rpc::Provider> providers);
  static Task<Answer> list(std::shared_ptr<Core> self, std::string path);

  template <class Ask>
  Asking<Ask> ask(Ask how) {
    return Asking<Ask>(connected_ ? session_.get() : nullptr, std::move(how));
  }
  auto ask_create(const std::string& path, bool ephemeral) {
    return ask([path, ephemeral](ZookeeperSession& session, ZookeeperSession::Answered answered) {
      session.create(path, ephemeral ? kOnline : "", ephemeral, std::move(answered));
    });
  }
  auto ask_remove(const std::string& path) {
    return ask([path](ZookeeperSession& session, ZookeeperSession::Answered answered) {
      session.remove(path, std::move(answered));
    });
  }
  auto ask_exists(const std::string& path, bool watch) {
    return ask([path, watch](ZookeeperSession& session, ZookeeperSession::Answered answered) {
      session.exists(path, watch, std::move(answered));
    });
  }
  auto ask_children(const std::string& path) {
    return ask([path](ZookeeperSession& session, ZookeeperSession::Answered answered) {
      session.children(path, std::move(answered));
    });
  }

  io::Shard& home_;
  const std::string text_;
  const ZookeeperUrl url_;
  const ZookeeperSessions sessions_;
  const std::shared_ptr<ServiceLists> lists_ = std::make_shared<ServiceLists>();
  std::unique_ptr<ZookeeperSession> session_;
  bool connected_ = false;
  bool stopped_ = false;
  io::TimePoint stale_since_ = io::kNever;
  std::map<std::string, Wish> wishes_;      // by path
  std::map<std::string, Watched> watched_;  // by service
  Signal settled_;                          // a wish came true, or failed
  int pauses_ = 0;                          // since something succeeded
  io::Timer retry_{[](void* self) noexcept { static_cast<Core*>(self)->retry(); }, this};
};

// Sessions ---------------------------------------------------------------------------------------------------------

void Core::open() {
  if (stopped_) return;
  const std::weak_ptr<Core> weak = weak_from_this();
  session_ = sessions_(home_, url_,
                       {.state =
                            [weak](ZookeeperSession::State state, const std::string& why) {
                              if (const auto self = weak.lock()) self->on_state(state, why);
                            },
                        .changed =
                            [weak](const std::string& path) {
                              if (const auto self = weak.lock()) self->on_changed(path);
                            }});
}

void Core::drop_session() {
  connected_ = false;
  if (const auto session = std::move(session_)) session->end();
}

void Core::on_state(ZookeeperSession::State state, const std::string& why) {
  if (stopped_) return;
  if (state == ZookeeperSession::State::kConnected) return connected();
  lost(why);
  if (state == ZookeeperSession::State::kLost) return;
  drop_session();
  // Its nodes went with it.
  for (auto& [path, wish] : wishes_) wish.done = false;
  pause();
}

void Core::connected() {
  connected_ = true;
  if (stale_since_ != io::kNever) log::info("the registry answers again {}", log::kv("url", text_));
  stale_since_ = io::kNever;
  for (const auto& [path, wish] : wishes_) fulfil(path);
  for (const auto& [name, watched] : watched_) refresh(name);
}

void Core::lost(const std::string& why) {
  connected_ = false;
  if (stale_since_ != io::kNever) return;
  stale_since_ = home_.now();
  log::warn("the registry cannot be asked: the last good lists stay {} {}", log::kv("url", text_), log::kv("why", why));
  lists_->mark_stale(stale_since_);
}

void Core::pause() {
  if (stopped_ || retry_.armed()) return;
  const io::Duration span = std::min(kLongestPause, kFirstPause * (1 << std::min(pauses_++, 10)));
  // Between half and the whole of it: clients that lost one server do not come back as one.
  const auto half = static_cast<std::uint64_t>(span.count() / 2);
  const io::Duration extra(static_cast<io::Duration::rep>(home_.env().random.next() % (half + 1)));
  home_.timers().arm(retry_, home_.now() + span / 2 + extra);
}

void Core::retry() {
  if (!session_) return open();
  for (const auto& [path, wish] : wishes_) fulfil(path);
  for (const auto& [name, watched] : watched_) {
    if (watched.failed) refresh(name);
  }
}

// Publications -----------------------------------------------------------------------------------------------------

Task<void> Core::wish(std::shared_ptr<Core> self, rpc::Publication publication, bool published) {
  const Result<std::string> node = provider_node(publication);
  if (!node) node.error().raise();
  const std::string path = self->path_of(publication.key) + "/" + *node;
  const rpc::Provider& provider = publication.provider;
  const std::string place =
      publication.key.to_string() + " " + provider.protocol + "://" + provider.address.to_string();
  for (auto& [other, wish] : self->wishes_) {
    // One place is published once: with a new weight, say, the old url goes.
    if (wish.place != place || other == path || !wish.published) continue;
    wish.published = wish.done = false;
    self->fulfil(other);
  }
  auto at = self->wishes_.find(path);
  if (at == self->wishes_.end()) {
    if (self->wishes_.size() >= kMostPublications) {
      throw Error(io::IoError::kLimit, fmt::format("more than {} publications", kMostPublications));
    }
    at = self->wishes_.emplace(path, Wish{.place = place, .published = published}).first;
  } else if (at->second.published != published) {
    at->second.published = published;
    at->second.done = false;
  }
  at->second.failure.reset();
  self->fulfil(path);
  for (;;) {
    at = self->wishes_.find(path);
    const bool there = at != self->wishes_.end();
    if (there ? at->second.published == published && at->second.done : !published) co_return;
    if (!there || at->second.published != published) throw Error(io::IoError::kCancelled, "the contrary was asked for");
    if (at->second.failure) at->second.failure->raise();
    if (self->stopped_) throw Error(io::IoError::kStopped, "the context has stopped");
    co_await self->settled_.wait();
  }
}

void Core::fulfil(const std::string& path) {
  Wish& wish = wishes_.at(path);
  if (!connected_ || wish.done || wish.busy) return;
  wish.busy = true;
  // In a coming turn: who goes over the wishes may not see one vanish.
  home_.post([self = shared_from_this(), path] { start_detached(fulfilling(self, path), nullptr); });
}

Task<void> Core::fulfilling(std::shared_ptr<Core> self, std::string path) {
  const bool published = self->wishes_.at(path).published;
  Answer answer;
  if (published) {
    answer = co_await put(self, path);
  } else {
    answer = co_await self->ask_remove(path);
    if (answer.code == Code::kNoNode) answer.code = Code::kOk;
  }
  self->fulfilled(path, published, answer);
}

void Core::fulfilled(const std::string& path, bool published, const Answer& answer) {
  const auto at = wishes_.find(path);
  Wish& wish = at->second;
  wish.busy = false;
  if (answer.code == Code::kOk) pauses_ = 0;
  const bool forgotten = answer.code == Code::kLost && !published && SOFA_MUTANT("lost-unpublish");
  if (wish.published != published) {
    fulfil(path);
  } else if ((answer.code == Code::kOk && !published) || forgotten) {
    wishes_.erase(at);
  } else if (answer.code == Code::kOk) {
    wish.done = true;
  } else if (answer.code == Code::kLost) {
    // Whether it was done is not known: it is done again with the next connection, or soon when that is there already.
    if (connected_) pause();
  } else {
    if (!wish.failure) {
      log::warn("cannot {} {} {} {}", published ? "publish" : "unpublish", log::kv("place", wish.place),
                log::kv("url", text_), log::kv("why", answer.text));
    }
    wish.failure = Error(io::IoError::kRefused, answer.text, Retriable::kYes);
    pause();
  }
  settled_.raise();
}

Task<Answer> Core::put(std::shared_ptr<Core> self, std::string path) {
  for (int tries = 0; tries < kTries; ++tries) {
    Answer made = co_await self->ask_create(path, true);
    if (made.code == Code::kNoNode) {
      Answer parents = co_await put_parents(self, path);
      if (parents.code != Code::kOk) co_return parents;
      continue;
    }
    if (made.code != Code::kExists) co_return made;
    Answer there = co_await self->ask_exists(path, false);
    if (there.code == Code::kNoNode) continue;
    if (there.code != Code::kOk || there.own) co_return there;
    // Left by a session that has yet to expire, and would take our publication with it.
    Answer removed = co_await self->ask_remove(path);
    if (removed.code != Code::kOk && removed.code != Code::kNoNode) co_return removed;
  }
  co_return Answer{.code = Code::kFailed, .text = "others create and remove the node meanwhile"};
}

Task<Answer> Core::put_parents(std::shared_ptr<Core> self, std::string path) {
  for (std::size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    Answer made = co_await self->ask_create(path.substr(0, slash), false);
    if (made.code != Code::kOk && made.code != Code::kExists) co_return made;
  }
  co_return Answer{.code = Code::kOk};
}

// Lists ------------------------------------------------------------------------------------------------------------

void Core::watch(const rpc::ServiceKey& key) {
  if (stopped_) return;
  if (watched_.size() >= ServiceLists::kMostServices) {
    std::erase_if(watched_, [&](const auto& each) { return !each.second.busy && !lists_->watched(each.first); });
  }
  const std::string name = key.to_string();
  if (!lists_->watched(name)) return;
  watched_.try_emplace(name, Watched{.key = key});
  refresh(name);
}

void Core::on_changed(const std::string& path) {
  for (const auto& [name, watched] : watched_) {
    if (path_of(watched.key) == path) refresh(name);
  }
}

void Core::refresh(const std::string& name) {
  Watched& watched = watched_.at(name);
  watched.again = watched.busy;
  if (!connected_ || watched.busy) return;
  watched.busy = true;
  home_.post([self = shared_from_this(), name] { start_detached(refreshing(self, name), nullptr); });
}

Task<void> Core::refreshing(std::shared_ptr<Core> self, std::string name) {
  Watched& watched = self->watched_.at(name);  // stays while it is busy
  do {
    watched.again = false;
    const bool failed_before = std::exchange(watched.failed, false);
    const Answer answer =
        self->lists_->watched(name) ? co_await list(self, self->path_of(watched.key)) : Answer{.code = Code::kNoNode};
    if (self->stopped_ || answer.code == Code::kNoNode) {
      self->watched_.erase(name);
      co_return;
    }
    if (answer.code == Code::kOk) {
      self->pauses_ = 0;
      self->take(watched, name, providers_of(answer.children, watched.key.unique_id));
      continue;
    }
    watched.failed = true;
    if (self->connected_) self->pause();
    if (answer.code != Code::kFailed || failed_before) continue;
    log::warn("the providers of a service cannot be asked for {} {} {}", log::kv("service", name),
              log::kv("url", self->text_), log::kv("why", answer.text));
    const rpc::ProviderListPtr known = self->lists_->known(name);
    if (known && known->stale_since == io::kNever) {
      self->lists_->update(name, known->providers, self->home_.now());
    }
  } while (watched.again && self->connected_);
  watched.busy = false;
}

void Core::take(Watched& watched, const std::string& name, std::vector<rpc::Provider> providers) {
  const rpc::ProviderListPtr known = lists_->known(name);
  // A registry that lost its memory, or was tampered with, looks like this too. Providers that did go refuse
  // connections.
  const bool emptied = providers.empty() && known && !known->providers.empty() && !SOFA_MUTANT("empty-list-believed");
  const bool was_emptied = std::exchange(watched.emptied, emptied);
  if (!emptied) return lists_->update(name, std::move(providers), stale_since_);
  if (!was_emptied) {
    log::warn("the registry has no provider of a service any more: the last good list stays {} {}",
              log::kv("service", name), log::kv("url", text_));
  }
  if (known->stale_since == io::kNever) lists_->update(name, known->providers, home_.now());
}

Task<Answer> Core::list(std::shared_ptr<Core> self, std::string path) {
  for (int tries = 0; tries < kTries; ++tries) {
    Answer answer = co_await self->ask_children(path);
    if (answer.code != Code::kNoNode) co_return answer;
    // Nobody ever served it, or all went and the parent with them: a watch waits for the first.
    answer = co_await self->ask_exists(path, true);
    if (answer.code == Code::kNoNode) co_return Answer{.code = Code::kOk};
    if (answer.code != Code::kOk) co_return answer;
  }
  co_return Answer{.code = Code::kFailed, .text = "others create and remove the node meanwhile"};
}

// ------------------------------------------------------------------------------------------------------------------

class ZookeeperSource final : public rpc::AddressSource {
 public:
  explicit ZookeeperSource(std::shared_ptr<Core> core) : core_(std::move(core)) { core_->start(); }
  ~ZookeeperSource() override { core_->stop(); }
  Task<void> publish(rpc::Publication publication) override { return wish(core_, std::move(publication), true); }
  Task<void> unpublish(rpc::Publication publication) override { return wish(core_, std::move(publication), false); }
  std::unique_ptr<Watch> watch(const rpc::ServiceKey& key, Changed changed) override {
    auto watch = core_->lists()->watch(key.to_string(), std::move(changed));
    core_->home().link()->post([core = core_, key] { core->watch(key); });
    return watch;
  }

 private:
  static Task<void> wish(std::shared_ptr<Core> core, rpc::Publication publication, bool published) {
    const std::string service = publication.key.to_string();
    const Result<void> done =
        co_await as_result(rpc::on_home(core->home(), Core::wish(core, std::move(publication), published), kPatience));
    if (done) co_return;
    const Error& why = done.error();
    throw Error(why.part(), why.code(),
                fmt::format("cannot {} {} at {}: {}", published ? "publish" : "unpublish", service, core->text(),
                            why.is(io::IoError::kTimeout) ? "no answer in time; it is tried on" : why.message()));
  }
  const std::shared_ptr<Core> core_;
};

}  // namespace

Result<std::shared_ptr<rpc::AddressSource>> make_zookeeper_source(std::string_view url,
                                                                  const rpc::SourceEnvironment& environment,
                                                                  ZookeeperSessions sessions) {
  SOFA_TRY(ZookeeperUrl parsed, parse_zookeeper_url(url));
  return std::make_shared<ZookeeperSource>(
      std::make_shared<Core>(environment, std::string(url), std::move(parsed), std::move(sessions)));
}

void register_zookeeper() {
  rpc::register_address_source("zookeeper", [](std::string_view url, rpc::SourceEnvironment environment) {
    io::WorkerPool& workers = environment.workers;
    return make_zookeeper_source(
        url, environment, [&workers](io::Shard& home, const ZookeeperUrl& parsed, ZookeeperSession::Events events) {
          return open_zookeeper_session(home, workers, parsed, std::move(events));
        });
  });
}

}  // namespace sofa::registry
