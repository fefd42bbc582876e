// A service whose calls are observed, and who reads what they leave: for tests.
#pragma once

#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sofa/io/posix/env.h"
#include "sofa/net/http_client.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/context.h"

namespace kiosk {

class KioskService {
 public:
  virtual ~KioskService() = default;
  virtual sofa::Task<std::int32_t> pay(std::int32_t amount) = 0;
  virtual sofa::Task<std::int32_t> wait(std::int32_t ms) = 0;
  virtual sofa::Task<std::string> trace() = 0;
};

}  // namespace kiosk

SOFA_SERVICE(kiosk::KioskService, "com.kiosk.KioskService", pay, wait, trace)
SOFA_SERVICE_EXTERN(kiosk::KioskService)

namespace kiosk {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::shared_ptr<KioskService> make_kiosk();

class Scraper {
 public:
  Scraper() { shards_.start(); }
  ~Scraper() { shards_.stop_and_join(); }
  std::string get(const sofa::io::Address& at, std::string path, int status = 200);

 private:
  sofa::io::Shards shards_{sofa::io::posix::env(), 1};
  sofa::net::HttpClient client_{shards_};
};

class ObservedWorld : public testing::Test {
 protected:
  ObservedWorld();
  ~ObservedWorld() override;
  void call_in_all_ways();
  std::vector<nlohmann::json> lines(const std::string& name);

  const std::filesystem::path folder_;
  std::unique_ptr<sofa::Context> server_;
  sofa::io::Address admin_;
  sofa::Context client_{sofa::io::posix::env(), {.app = "customer", .tracing = {.enabled = true}}};
  Scraper scraper_;
};

}  // namespace kiosk
