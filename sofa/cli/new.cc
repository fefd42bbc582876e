// sofa new: writes the beginning of a project.
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>

#include "sofa/cli/command.h"

namespace sofa::cli {
namespace {

// @name@ greetings, @Name@ Greetings, @Service@ GreetingsService.
struct Template {
  const char* file;
  const char* text;
};

constexpr Template kModule[] = {
    {"CMakeLists.txt", R"(cmake_minimum_required(VERSION 3.25)
project(@name@ LANGUAGES CXX)
find_package(sofa 0 REQUIRED)
enable_testing()

set(SOFA_MODULE_DIR ${CMAKE_BINARY_DIR})
sofa_add_module(@name@ SOURCES module.cc)

# The same module linked into a host of its own: no loading, easy to debug.
add_executable(@name@_test module.cc module_test.cc)
target_link_libraries(@name@_test PRIVATE sofa::sofa)
target_compile_definitions(@name@_test PRIVATE MANIFEST="${CMAKE_SOURCE_DIR}/module.yaml")
add_test(NAME @name@ COMMAND @name@_test)
)"},
    {"module.yaml", R"(name: @name@
version: 1.0.0
requires: []
provides: [com.example.@Service@]
config:
  greeting: {type: text, default: Hello, doc: how people are greeted}
)"},
    {"@name@_service.h", R"(// The service as its callers know it.
#pragma once

#include <string>

#include <sofa/sdk.h>

class @Service@ {
 public:
  virtual ~@Service@() = default;
  virtual sofa::Task<std::string> greet(std::string name) = 0;
};
SOFA_SERVICE(@Service@, "com.example.@Service@", greet)
)"},
    {"module.cc", R"(#include <memory>

#include <sofa/boot/module.h>

#include "@name@_service.h"

namespace {

class @Name@ final : public @Service@ {
 public:
  explicit @Name@(std::string greeting) : greeting_(std::move(greeting)) {}
  sofa::Task<std::string> greet(std::string name) override { return greeting_ + ", " + name; }

 private:
  const std::string greeting_;
};

class @Name@Module final : public sofa::Module {
  sofa::Task<void> start(sofa::ModuleContext& context) override {
    context.publish<@Service@>(std::make_shared<@Name@>(context.setting<std::string>("greeting")));
    co_return;
  }
};

}  // namespace

SOFA_MODULE(@Name@Module)
)"},
    {"module_test.cc", R"(// Runs the module in a host and calls it.
#include <cstdio>
#include <fstream>
#include <iterator>

#include <sofa/boot/container.h>
#include <sofa/io/posix/env.h>

#include "@name@_service.h"

int main() {
  std::ifstream file(MANIFEST);
  const std::string manifest(std::istreambuf_iterator<char>(file), {});
  sofa::Context host(sofa::io::posix::env(), {.app = "@name@_test", .shards_apart = 1});
  sofa::boot::Container container(host, {});
  int failed = 0;
  try {
    sofa::boot::ModuleOptions module;
    module.linked = &sofa_module;
    module.manifest = manifest;
    const auto started = sofa::wait(container.home(), container.start({module}), std::chrono::seconds(10));
    if (!started) started.error().raise();
    const std::string greeting = host.wait(host.reference<@Service@>()->greet("Ann"));
    if (greeting != "Hello, Ann") failed = std::printf("it says '%s'\n", greeting.c_str());
  } catch (const std::exception& error) {
    failed = std::printf("%s\n", error.what());
  }
  (void)sofa::wait(container.home(), container.stop(), std::chrono::seconds(10));
  host.stop(std::chrono::seconds(1));
  return failed != 0;
}
)"},
    {"app.yaml", R"(app: @name@
listen:
  - bolt://127.0.0.1:12500
modules:
  @name@:
    file: build/@name@.so
    config: {greeting: Good morning}
)"},
};

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

// greeting-cards is GreetingCards.
std::string camel_case(std::string_view name) {
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c == '-' || c == '_') {
      upper = true;
    } else {
      camel += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return camel;
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !std::isalpha(static_cast<unsigned char>(name[0]))) return false;
  for (const char c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  }
  return true;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wxe");
  if (!file) return fail(CliError::kRefused, "cannot write {}: {}", path, std::strerror(errno));
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written)
    return fail(CliError::kRefused, "cannot write {}: {}", path, std::strerror(errno));
  return {};
}

Result<void> write_module(const std::string& name) {
  if (!is_name(name)) {
    return fail(CliError::kInput, "'{}' is no name for a module: letters, digits and _, a letter first", name);
  }
  if (mkdir(name.c_str(), 0777) != 0)
    return fail(CliError::kRefused, "cannot make the folder {}: {}", name, std::strerror(errno));
  const std::string camel = camel_case(name);
  const auto fill = [&](std::string text) {
    text = replace_all(std::move(text), "@name@", name);
    text = replace_all(std::move(text), "@Name@", camel);
    return replace_all(std::move(text), "@Service@", camel + "Service");
  };
  for (const Template& each : kModule) SOFA_TRY_VOID(write_file(name + "/" + fill(each.file), fill(each.text)));
  return {};
}

}  // namespace

std::function<int()> setup_new(CLI::App& command) {
  command.footer(
      "Examples:\n"
      "  sofa new module greetings\n"
      "  cd greetings && cmake -S . -B build -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 && cmake --build build\n"
      "  ctest --test-dir build && sofa serve app.yaml");
  command.require_subcommand(1);
  CLI::App& module =
      *command.add_subcommand("module", "a module that builds, runs and has a test, in a folder of its name");
  auto name = std::make_shared<std::string>();
  module.add_option("NAME", *name, "of the module: letters, digits and _")->required();
  return [name] {
    if (const Result<void> written = write_module(*name); !written) return report(written.error(), false, kNo);
    fmt::print(
        "{0}/ is there. Build it, try it and run it:\n"
        "  cd {0}\n"
        "  cmake -S . -B build -G Ninja -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Release\n"
        "  cmake --build build && ctest --test-dir build\n"
        "  sofa serve app.yaml\n",
        *name);
    return static_cast<int>(kDone);
  };
}

}  // namespace sofa::cli
