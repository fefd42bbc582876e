#include "sofa/boot/module_graph.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "sofa/boot/error.h"

namespace sofa::boot {
namespace {

class Resolving {
 public:
  Resolving(std::span<const Manifest> manifests, std::span<const std::string> elsewhere)
      : manifests_(manifests), elsewhere_(elsewhere), states_(manifests.size()) {
    for (std::size_t i = 0; i < manifests.size(); ++i) {
      if (!by_name_.try_emplace(manifests[i].name, i).second) {
        problems_.push_back(fmt::format("there are two modules '{}'", manifests[i].name));
      }
    }
  }

  Result<std::vector<std::size_t>> run() {
    for (std::size_t i = 0; i < manifests_.size(); ++i) visit(i);
    if (!problems_.empty()) {
      return fail(BootError::kUnresolved, "the modules cannot start:\n  {}", fmt::join(problems_, "\n  "));
    }
    return std::move(order_);
  }

 private:
  enum class State : std::uint8_t { kNew, kOnPath, kDone };

  void visit(std::size_t i) {
    if (states_[i] == State::kDone) return;
    if (states_[i] == State::kOnPath) return report_cycle(i);
    states_[i] = State::kOnPath;
    path_.push_back(i);
    for (const std::string& name : manifests_[i].requires_modules) {
      const auto required = by_name_.find(name);
      if (required == by_name_.end() && std::ranges::find(elsewhere_, name) != elsewhere_.end()) continue;
      if (required == by_name_.end()) {
        problems_.push_back(fmt::format(
            "'{}' requires '{}', which is not among them (in another profile, left out, or elsewhere: true?)",
            manifests_[i].name, name));
      } else {
        visit(required->second);
      }
    }
    path_.pop_back();
    states_[i] = State::kDone;
    order_.push_back(i);
  }

  void report_cycle(std::size_t from) {
    std::string cycle;
    for (auto at = std::ranges::find(path_, from); at != path_.end(); ++at) cycle += manifests_[*at].name + " → ";
    problems_.push_back("they require one another in a circle: " + cycle + manifests_[from].name);
  }

  const std::span<const Manifest> manifests_;
  const std::span<const std::string> elsewhere_;
  std::map<std::string_view, std::size_t> by_name_;
  std::vector<State> states_;
  std::vector<std::size_t> path_;
  std::vector<std::size_t> order_;
  std::vector<std::string> problems_;
};

}  // namespace

Result<std::vector<std::size_t>> resolve(std::span<const Manifest> manifests, std::span<const std::string> elsewhere) {
  return Resolving(manifests, elsewhere).run();
}

}  // namespace sofa::boot
