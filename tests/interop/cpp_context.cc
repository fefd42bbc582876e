#include "tests/interop/cpp_context.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "sofa/io/posix/env.h"
#include "sofa/io/trace.h"
#include "sofa/rpc/context.h"

namespace interop {

/// `dev.sofa.bank.ContextService` of the Java peer, whose lines these are too.
class ContextService {
 public:
  virtual ~ContextService() = default;
  virtual sofa::Task<std::string> pass(std::string path) = 0;
  virtual sofa::Task<std::string> begin(std::string path) = 0;
};

}  // namespace interop

SOFA_SERVICE(interop::ContextService, "dev.sofa.bank.ContextService", pass, begin)

namespace interop {
namespace {

using namespace std::chrono_literals;
using sofa::CallContext;

// Another identity than Java's, so that a reference to Java's does not find the service of this process.
constexpr const char* kOwnId = "cpp";

std::string as_java_map(std::string_view attributes) {
  std::string text;
  while (!attributes.empty()) {
    const std::string_view one = attributes.substr(0, attributes.find('&'));
    text += (text.empty() ? "" : ", ") + std::string(one);
    attributes.remove_prefix(std::min(attributes.size(), one.size() + 1));
  }
  return "{" + text + "}";
}

std::string as_java_map(const CallContext::Texts& texts) {
  std::string all;
  for (const auto& [key, value] : std::map<std::string, std::string>(texts.begin(), texts.end())) {
    all += fmt::format("{}={}&", key, value);
  }
  return as_java_map(all);
}

std::string seen(const CallContext& context) {
  std::string text =
      fmt::format("who=cpp\ttrace={}\trpc={}\tsampled={}\tpen={}\tsys={}\tbaggage={}", context.trace().trace_id.view(),
                  context.trace().rpc_id.view(), context.trace().sampled, as_java_map(context.penetration()),
                  as_java_map(context.system_penetration()), as_java_map(context.baggage()));
  text += fmt::format("\tapp={}", context.peer()->app.text());
  for (const auto& [key, value] : context.headers()) text += fmt::format("\t{}={}", key, value);
  if (const auto* xid = context.get(sofa::kXid)) text += fmt::format("\tTX_XID={}", xid->view());
  const auto left = context.deadline() - sofa::io::Shard::current()->now();
  return text + fmt::format("\tleft={}", std::chrono::floor<std::chrono::milliseconds>(left).count());
}

class Relay final : public ContextService {
 public:
  explicit Relay(sofa::Context& context) : context_(context) {}

  sofa::Task<std::string> pass(std::string path) override {
    CallContext& context = co_await sofa::context();
    std::string text = seen(context);
    context.set_response_baggage("from-cpp", "yes");
    if (path.empty()) co_return text;
    const std::size_t comma = std::min(path.find(','), path.size());
    auto next = context_.reference<ContextService>({.url = "bolt://" + path.substr(0, comma)})
                    .with({.headers = {{"x-from-cpp", "yes"}}});
    co_await sofa::sleep(20ms);
    const std::string said = co_await next->pass(path.substr(std::min(path.size(), comma + 1)));
    co_return text + "\n" + said;
  }
  sofa::Task<std::string> begin(std::string) override { throw std::logic_error("only Java begins"); }

 private:
  sofa::Context& context_;
};

/// What one hop says, by name.
using Hop = std::map<std::string, std::string>;

std::vector<Hop> hops_of(std::string_view text) {
  std::vector<Hop> hops;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    Hop& hop = hops.emplace_back();
    while (!line.empty()) {
      const std::string_view field = line.substr(0, line.find('\t'));
      line.remove_prefix(std::min(line.size(), field.size() + 1));
      const std::size_t equal = std::min(field.find('='), field.size());
      hop.emplace(field.substr(0, equal), field.substr(std::min(field.size(), equal + 1)));
    }
  }
  return hops;
}

int left_of(const Hop& hop) {
  int left = -1;
  if (const auto found = hop.find("left"); found != hop.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), left);
  }
  return left;
}

class Chains {
 public:
  Chains(const ContextChecks& with, const Check& check) : with_(with), check_(check) {
    server_.publish<ContextService>(std::make_shared<Relay>(server_), {.unique_id = kOwnId});
    own_ = server_.listen("bolt://127.0.0.1:0").front().to_string();
  }

  void run() {
    through_java();
    through_cpp_and_java();
    from_java();
    server_.stop(1s);
    client_.stop(1s);
  }

 private:
  /// Calls `pass(path)` in the trace; gives what the hops said, and the answers' baggage behind them.
  sofa::Task<std::string> call(sofa::rpc::Reference<ContextService> first, std::string path) {
    CallContext& context = co_await sofa::context();
    context.trace() = trace_;
    context.set_penetration("uid=42&");
    context.set_system_penetration("zone=RZ01A&");
    context.add_baggage("tenant", "t31");
    context.set(sofa::kXid, "10.0.0.1:8091:42");
    const std::string said = co_await first->pass(std::move(path));
    co_return said + "\nback=" + as_java_map(context.response_baggage());
  }
  std::vector<Hop> hops(const std::string& name, std::size_t count, sofa::Task<std::string> task) {
    std::string text;
    try {
      text = client_.wait(std::move(task), 10s);
    } catch (const std::exception& e) {
      text = e.what();
    }
    std::vector<Hop> all = hops_of(text);
    check_(name + " answers", all.size() == count, text);
    all.resize(count);
    return all;
  }
  void expect(const std::string& what, Hop& hop, const std::string& field, const std::string& value) {
    check_(fmt::format("{}: {}", what, field), hop[field] == value, fmt::format("'{}'", hop[field]));
  }
  /// A hop of the trace that a C++ program began.
  void expect_hop(const std::string& what, Hop& hop, const std::string& who, const std::string& rpc_id) {
    expect(what, hop, "who", who);
    expect(what, hop, "trace", std::string(trace_.trace_id.view()));
    expect(what, hop, "rpc", rpc_id);
    expect(what, hop, "sampled", "true");
    expect(what, hop, "pen", "{uid=42}");
    expect(what, hop, "sys", "{zone=RZ01A}");
    expect(what, hop, "baggage", "{tenant=t31}");
  }

  void through_java() {
    auto java =
        client_.reference<ContextService>({.url = "bolt://" + with_.java}).with({.headers = {{"x-audit", "yes"}}});
    auto all = hops("cpp -> java -> cpp", 3, call(java, own_ + "/" + kOwnId));
    expect_hop("java in the middle", all[0], "java", "0.1");
    expect("java in the middle", all[0], "x-audit", "yes");
    expect("java in the middle", all[0], "TX_XID", "10.0.0.1:8091:42");
    expect_hop("cpp behind java", all[1], "cpp", "0.1.1");
    expect("cpp behind java", all[1], "app", "sofa-peers-server");
    expect("cpp behind java", all[1], "x-audit", "");  // Java passes no header on
    expect("cpp behind java", all[1], "TX_XID", "");   // that is Seata's filter's
    expect("cpp behind java", all[1], "x-from-java", with_.custom_headers ? "yes" : "");
    expect("the answers", all[2], "back", "{from-cpp=yes, from-java=yes}");
  }

  void through_cpp_and_java() {
    auto own = client_.reference<ContextService>({.unique_id = kOwnId, .url = "bolt://" + own_, .timeout = 2s});
    auto all = hops("cpp -> cpp -> java -> cpp", 4, call(own, with_.java + "," + own_ + "/" + kOwnId));
    expect_hop("the first cpp", all[0], "cpp", "0.1");
    expect_hop("java behind cpp", all[1], "java", "0.1.1");
    expect("java behind cpp", all[1], "x-from-cpp", "yes");
    expect("java behind cpp", all[1], "TX_XID", "10.0.0.1:8091:42");
    expect_hop("the last cpp", all[2], "cpp", "0.1.1.1");
    expect("the answers", all[3], "back", "{from-cpp=yes, from-java=yes}");
    const int first = left_of(all[0]);
    check_("the first cpp has at most the caller's time", first > 0 && first <= 2000, std::to_string(first));
    int sent = -1;
    const std::string& remain = all[1]["sofa_head_deadline_remain_time"];
    std::from_chars(remain.data(), remain.data() + remain.size(), sent);
    check_("java is told less", sent > 0 && sent <= first - 20 + 1, remain);
  }

  void from_java() {
    auto java = client_.reference<ContextService>({.url = "bolt://" + with_.java});
    auto all = hops("java -> cpp -> java", 3, java->begin(own_ + "/" + kOwnId + "," + with_.java));
    expect("cpp behind java's root", all[0], "who", "cpp");
    expect("cpp behind java's root", all[0], "rpc", "0");
    expect("cpp behind java's root", all[0], "baggage", "{tenant=of-java}");
    expect("java at the end", all[1], "who", "java");
    expect("java at the end", all[1], "rpc", "0.1");
    expect("java at the end", all[1], "baggage", "{tenant=of-java}");
    expect("java at the end", all[1], "x-from-cpp", "yes");
    expect("java at the end", all[1], "trace", all[0]["trace"]);
    const std::string& trace = all[0]["trace"];
    check_("java's trace id is W3C's but for its end", sofa::w3c_trace_id(trace).view().starts_with(trace), trace);
    expect("the answers", all[2], "back", "{from-cpp=yes, from-java=yes}");
  }

  const ContextChecks& with_;
  const Check& check_;
  sofa::Context server_{sofa::io::posix::env(), {.app = "sofa-cpp-relay"}};
  sofa::Context client_{sofa::io::posix::env(), {.app = "sofa-cpp-client"}};
  std::string own_;
  sofa::TraceIds ids_{client_.env().clock, client_.env().random, {.address = "127.0.0.1"}};
  const sofa::TraceContext trace_ = ids_.start();
};

}  // namespace

void check_context(const ContextChecks& with, const Check& check) {
  Chains(with, check).run();
}

}  // namespace interop
