#include "sofa/io/env.h"

namespace sofa::io {
namespace {

class NoCode final : public Code {
 public:
  Result<std::string> keep(const std::string& path, const std::string&) override { return refuse(path); }
  Result<void*> load(const std::string& kept) override { return refuse(kept); }
  void* symbol(void*, const char*) override { return nullptr; }
  void unload(void*) override {}
  void drop(const std::string&) override {}
  std::vector<Range> mapped(const std::string&) override { return {}; }
  std::vector<std::string> threads_in(std::span<const Range>) override { return {}; }

 private:
  static tl::unexpected<Error> refuse(const std::string& path) {
    return fail(IoError::kSystem, "{} cannot be loaded: this environment has only the code that is linked in", path);
  }
};

class NoProcesses final : public Processes {
 public:
  Result<Started> start(const std::vector<std::string>& command, const Limits&) override {
    return fail(IoError::kSystem, "{} cannot be started: this environment has one process", command.front());
  }
  std::optional<std::string> ended(Id) override { return std::nullopt; }
  void terminate(Id) override {}
  void kill(Id) override {}
};

}  // namespace

Code& no_code() {
  static NoCode none;
  return none;
}

Processes& no_processes() {
  static NoProcesses none;
  return none;
}

}  // namespace sofa::io
