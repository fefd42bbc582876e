// A host for modules that are loaded for real.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/boot/container.h"
#include "sofa/boot/error.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "tests/boot/probe_service.h"

namespace probe {

/// Lets go of what `keep` was given.
void give_back();

using namespace std::chrono_literals;
using sofa::boot::BootError;
using sofa::boot::ModuleInfo;
using sofa::boot::ModuleState;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

inline std::string file_of(std::string_view name) {
  return std::string(SOFA_MODULE_DIR) + "/" + std::string(name) + ".so";
}

inline sofa::boot::ModuleOptions module(std::string_view name, const std::string& does = "nothing",
                                        const std::string& order = "0") {
  sofa::boot::ModuleOptions options{.file = file_of(name)};
  if (name != "user_1" || does != "nothing" || order != "0") options.settings = {{"does", does}, {"order", order}};
  return options;
}

inline sofa::boot::ContainerOptions quick() {
  sofa::boot::ContainerOptions options;
  options.life.start_timeout = 1s;
  options.life.stop_timeout = 1s;
  options.life.drain_timeout = 2s;
  options.life.checks = 4;
  options.life.check_interval = 1ms;
  return options;
}

class ModulesTest : public testing::Test {
 protected:
  sofa::Context host{sofa::io::posix::env(), {.app = "host", .shards = 2, .shards_apart = 1}};
  sofa::boot::Container container{host, quick()};

  template <class T>
  T at_home(sofa::Task<T> task) {
    sofa::Result<T> result = sofa::wait(container.home(), std::move(task), 30s);
    if (!result) result.error().raise();
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }
  template <class T>
  std::string why_not(sofa::Task<T> task) {
    sofa::Result<T> result = sofa::wait(container.home(), std::move(task), 30s);
    return result ? "it went well" : result.error().message();
  }
  void start(std::vector<sofa::boot::ModuleOptions> modules) { at_home(container.start(std::move(modules))); }
  std::vector<ModuleInfo> modules() {
    const auto ask = [](sofa::boot::Container& of) -> sofa::Task<std::vector<ModuleInfo>> { co_return of.modules(); };
    return at_home(ask(container));
  }
  std::string version() { return host.wait(host.reference<ProbeService>()->version()); }
  std::vector<std::string> pins_of(const std::string& name, const std::string& of = "1.0.0") {
    return at_home(container.uninstall(name, of));
  }
  ~ModulesTest() override {
    (void)sofa::wait(container.home(), container.stop(), 30s);
    host.stop(1s);
    give_back();
  }
};

}  // namespace probe
