// libzookeeper has two threads a session: one for its socket, one that calls us. What it says goes to the home shard by
// mail. Opening looks host names up and closing joins the threads: a worker does both, one after the other.
#include "sofa/registry/zookeeper_session.h"

#include <atomic>
#include <mutex>

#include <zookeeper/zookeeper.h>

#include "sofa/base/log.h"
#include "sofa/rpc/service_lists.h"

namespace sofa::registry {
namespace {

using State = ZookeeperSession::State;

struct Work : io::WorkerPool::Job {
  explicit Work(std::function<void()> job)
      : Job([](Job& self) noexcept {
          const std::unique_ptr<Work> work(static_cast<Work*>(&self));
          work->what();
        }),
        what(std::move(job)) {}
  std::function<void()> what;
};

bool submit(io::WorkerPool& workers, std::function<void()> job) {
  auto* const work = new Work(std::move(job));  // its own once it is taken
  if (workers.submit(*work)) return true;
  delete work;
  return false;
}

/// What the library's threads and the shard share.
struct Link : std::enable_shared_from_this<Link> {
  std::shared_ptr<io::ShardLink> home;
  ZookeeperSession::Events events;
  std::atomic<bool> over{false};
  std::mutex mutex;  // the handle, while it is made, used and closed
  zhandle_t* handle = nullptr;
  std::atomic<std::int64_t> id{0};

  void tell(State state, std::string why) {
    home->post([self = shared_from_this(), state, why = std::move(why)] {
      if (!self->over) self->events.state(state, why);
    });
  }

  void open(const ZookeeperUrl& url);
  void close() {
    const std::lock_guard lock(mutex);
    if (handle) zookeeper_close(std::exchange(handle, nullptr));
  }
};

void on_event(zhandle_t* handle, int type, int state, const char* path, void* context) {
  Link& link = *static_cast<Link*>(context);
  if (type != ZOO_SESSION_EVENT) {
    link.home->post([self = link.shared_from_this(), at = std::string(path ? path : "")] {
      if (!self->over) self->events.changed(at);
    });
  } else if (state == ZOO_CONNECTED_STATE) {
    link.id = zoo_client_id(handle)->client_id;
    link.tell(State::kConnected, {});
  } else if (state == ZOO_EXPIRED_SESSION_STATE) {
    link.tell(State::kEnded, "the session expired");
  } else if (state == ZOO_AUTH_FAILED_STATE) {
    link.tell(State::kEnded, "the server refuses this client");
  } else {
    link.tell(State::kLost, "the connection is lost");
  }
}

void Link::open(const ZookeeperUrl& url) {
  const std::lock_guard lock(mutex);
  if (over) return;
  zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(url.session_timeout).count();
  handle = zookeeper_init2(url.servers.c_str(), on_event, static_cast<int>(timeout), nullptr, this, 0,
                           [](const char* line) { log::debug("{}", log::kv("libzookeeper", line)); });
  if (!handle) tell(State::kEnded, "none of the servers' names is known");
}

ZookeeperAnswer answer_of(int code) {
  switch (code) {
    case ZOK:
      return {.code = ZookeeperCode::kOk};
    case ZNONODE:
      return {.code = ZookeeperCode::kNoNode, .text = zerror(code)};
    case ZNODEEXISTS:
      return {.code = ZookeeperCode::kExists, .text = zerror(code)};
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONEXPIRED:
    case ZSESSIONMOVED:
    case ZINVALIDSTATE:
    case ZCLOSING:
      return {.code = ZookeeperCode::kLost, .text = zerror(code)};
    default:
      return {.code = ZookeeperCode::kFailed, .text = zerror(code)};
  }
}

/// A question that the library has.
struct Question {
  std::shared_ptr<Link> link;
  ZookeeperSession::Answered answered;

  static void answer(const void* data, ZookeeperAnswer answer) {
    const std::unique_ptr<const Question> question(static_cast<const Question*>(data));
    question->link->home->post(
        [answered = question->answered, answer = std::move(answer)]() mutable { answered(std::move(answer)); });
  }
};

ZookeeperAnswer answer_of(int code, const String_vector* children) {
  ZookeeperAnswer answer = answer_of(code);
  if (code != ZOK || !children) return answer;
  if (static_cast<std::size_t>(children->count) > rpc::ServiceLists::kMostProviders) {
    return {.code = ZookeeperCode::kFailed, .text = fmt::format("{} nodes: not to be believed", children->count)};
  }
  for (int i = 0; i < children->count; ++i) answer.children.emplace_back(children->data[i]);
  return answer;
}

class LibrarySession final : public ZookeeperSession {
 public:
  LibrarySession(io::Shard& home, io::WorkerPool& workers, const ZookeeperUrl& url, Events events) : workers_(workers) {
    link_->home = home.link();
    link_->events = std::move(events);
    if (!submit(workers_, [link = link_, url] { link->open(url); })) {
      link_->tell(State::kEnded, "the worker pool's queue is full");
    }
  }
  ~LibrarySession() override {
    link_->over = true;
    link_->close();
  }

  void create(const std::string& path, const std::string& data, bool ephemeral, Answered answered) override {
    ask(std::move(answered), [&](zhandle_t* handle, const void* question) {
      return zoo_acreate(
          handle, path.c_str(), data.data(), static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE,
          ephemeral ? ZOO_EPHEMERAL : 0,
          [](int code, const char*, const void* asked) { Question::answer(asked, answer_of(code)); }, question);
    });
  }
  void remove(const std::string& path, Answered answered) override {
    ask(std::move(answered), [&](zhandle_t* handle, const void* question) {
      return zoo_adelete(
          handle, path.c_str(), -1, [](int code, const void* asked) { Question::answer(asked, answer_of(code)); },
          question);
    });
  }
  void children(const std::string& path, Answered answered) override {
    ask(std::move(answered), [&](zhandle_t* handle, const void* question) {
      return zoo_aget_children(
          handle, path.c_str(), 1,
          [](int code, const String_vector* children, const void* asked) {
            Question::answer(asked, answer_of(code, children));
          },
          question);
    });
  }
  void exists(const std::string& path, bool watch, Answered answered) override {
    ask(std::move(answered), [&](zhandle_t* handle, const void* question) {
      return zoo_aexists(
          handle, path.c_str(), watch ? 1 : 0,
          [](int code, const Stat* stat, const void* asked) {
            ZookeeperAnswer answer = answer_of(code);
            answer.own = stat && stat->ephemeralOwner == static_cast<const Question*>(asked)->link->id;
            Question::answer(asked, std::move(answer));
          },
          question);
    });
  }
  void end() override {
    link_->over = true;
    if (!submit(workers_, [link = link_] { link->close(); })) link_->close();
  }

 private:
  template <class Ask>
  void ask(Answered answered, Ask how) {
    const auto* question = new Question{link_, std::move(answered)};
    int code = ZINVALIDSTATE;
    {
      const std::lock_guard lock(link_->mutex);
      if (link_->handle) code = how(link_->handle, question);
    }
    if (code != ZOK) Question::answer(question, answer_of(code));  // the library took none
  }

  io::WorkerPool& workers_;
  const std::shared_ptr<Link> link_ = std::make_shared<Link>();
};

}  // namespace

std::unique_ptr<ZookeeperSession> open_zookeeper_session(io::Shard& home, io::WorkerPool& workers,
                                                         const ZookeeperUrl& url, ZookeeperSession::Events events) {
  return std::make_unique<LibrarySession>(home, workers, url, std::move(events));
}

}  // namespace sofa::registry
