// The echo service: gives back what it was given. What connectivity checks and benchmarks call.
#pragma once

#include <chrono>
#include <utility>

#include "examples/bank/services.h"

namespace bank {

class Echo final : public EchoService {
 public:
  sofa::Task<std::optional<std::string>> echo(std::optional<std::string> text) override { return text; }
  sofa::Task<std::optional<sofa::Bytes>> echo_bytes(std::optional<sofa::Bytes> data) override { return data; }
  sofa::Task<std::optional<std::string>> slow_echo(std::optional<std::string> text, std::int64_t millis) override {
    co_await sofa::sleep(std::chrono::milliseconds(millis));
    co_return text;
  }
};

}  // namespace bank
