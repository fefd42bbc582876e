#include "sofa/rpc/observed_world_test.h"

#include <fstream>

#include <unistd.h>

#include "sofa/base/log_setup.h"
#include "sofa/wire/hessian/hessian.h"

SOFA_SERVICE_CODE(kiosk::KioskService)

namespace kiosk {
namespace {

class Kiosk final : public KioskService {
 public:
  sofa::Task<std::int32_t> pay(std::int32_t amount) override {
    if (amount < 0) throw std::invalid_argument("less than nothing");
    return amount;
  }
  sofa::Task<std::int32_t> wait(std::int32_t ms) override {
    co_await sofa::sleep(std::chrono::milliseconds(ms));
    co_return ms;
  }
  /// What the caller decided of the call's trace.
  sofa::Task<std::string> trace() override {
    const sofa::TraceContext& trace = (co_await sofa::context()).trace();
    co_return fmt::format("{}{}", trace.sampled ? "yes" : "no", trace.w3c ? ", to all" : "");
  }
};

sofa::Task<std::string> ask(sofa::net::HttpClient& client, sofa::io::Address at, std::string path, int status) {
  sofa::net::HttpResponse answer = co_await client.send(at, sofa::net::HttpRequest::get(path));
  EXPECT_EQ(answer.status, status) << path;
  co_return co_await answer.body.read_text(1 << 20);
}

}  // namespace

std::shared_ptr<KioskService> make_kiosk() {
  return std::make_shared<Kiosk>();
}

std::string Scraper::get(const sofa::io::Address& at, std::string path, int status) {
  auto text = sofa::wait(shards_, ask(client_, at, std::move(path), status), 10s);
  EXPECT_TRUE(text) << text.error().what();
  return text.value_or("");
}

ObservedWorld::ObservedWorld()
    : folder_(std::filesystem::temp_directory_path() / ("sofa-observed-" + std::to_string(getpid()))) {
  std::filesystem::create_directories(folder_);
  sofa::log::redirect([](sofa::log::Level, std::string_view) {});
  sofa::ContextConfig config{.app = "kiosk", .shards = 2, .listen = {"bolt://127.0.0.1:0"}};
  config.observe.admin = "127.0.0.1:0";
  config.observe.digest = sofa::observe::DigestMode::kAll;
  config.observe.stat = true;
  config.observe.folder = folder_.string();
  server_ = std::make_unique<sofa::Context>(sofa::io::posix::env(), config);
  server_->publish<KioskService>(make_kiosk(), {.max_concurrent = 1});
  admin_ = server_->telemetry()->admin().value();
}

ObservedWorld::~ObservedWorld() {
  server_.reset();
  sofa::log::redirect({});
  std::filesystem::remove_all(folder_);
}

void ObservedWorld::call_in_all_ways() {
  const std::string url = "bolt://" + server_->listen().front().to_string();
  auto kiosk = client_.reference<KioskService>({.url = url});
  EXPECT_EQ(client_.wait(kiosk->pay(3)), 3);
  EXPECT_EQ(client_.wait(kiosk->wait(1)), 1);
  EXPECT_ANY_THROW(client_.wait(kiosk->pay(-1)));
  auto generic = client_.generic("com.kiosk.KioskService", {.url = url});
  EXPECT_ANY_THROW(client_.wait(generic.invoke("refund", {1})));
}

std::vector<nlohmann::json> ObservedWorld::lines(const std::string& name) {
  std::vector<nlohmann::json> all;
  std::ifstream in(folder_ / name);
  for (std::string line; std::getline(in, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace kiosk
