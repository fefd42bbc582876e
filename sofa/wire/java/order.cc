#include "sofa/wire/java/order.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sofa::java {
namespace {

/// Tarjan's strongly connected components, without recursion: a jar chooses how deep classes nest. Components come out
/// with what they use before them.
class Components {
 public:
  explicit Components(const std::vector<Kind>& kinds) : kinds_(kinds), at_(kinds.size()) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (at_[i].number == 0) walk(static_cast<int>(i));
    }
  }

  const std::vector<std::vector<int>>& all() const { return all_; }

 private:
  struct State {
    int number = 0;  // 1 is the first that was visited
    int lowest = 0;
    std::size_t next = 0;
    bool open = false;
  };

  void enter(int kind) {
    State& state = at_[static_cast<std::size_t>(kind)];
    state.number = state.lowest = ++visited_;
    state.open = true;
    open_.push_back(kind);
    path_.push_back(kind);
  }

  void walk(int from) {
    enter(from);
    while (!path_.empty()) {
      const int kind = path_.back();
      State& state = at_[static_cast<std::size_t>(kind)];
      const std::vector<int>& uses = kinds_[static_cast<std::size_t>(kind)].uses;
      if (state.next < uses.size()) {
        const int used = uses[state.next++];
        const State& other = at_[static_cast<std::size_t>(used)];
        if (other.number == 0) {
          enter(used);
        } else if (other.open) {
          state.lowest = std::min(state.lowest, other.number);
        }
        continue;
      }
      path_.pop_back();
      if (!path_.empty()) {
        State& above = at_[static_cast<std::size_t>(path_.back())];
        above.lowest = std::min(above.lowest, state.lowest);
      }
      if (state.lowest == state.number) close(kind);
    }
  }

  void close(int first) {
    std::vector<int> component;
    int kind = -1;
    while (kind != first) {
      kind = open_.back();
      open_.pop_back();
      at_[static_cast<std::size_t>(kind)].open = false;
      component.push_back(kind);
    }
    std::sort(component.begin(), component.end());
    all_.push_back(std::move(component));
  }

  const std::vector<Kind>& kinds_;
  std::vector<State> at_;
  std::vector<int> open_;
  std::vector<int> path_;
  std::vector<std::vector<int>> all_;
  int visited_ = 0;
};

}  // namespace

void arrange(std::vector<Kind>& kinds, std::vector<int>& order) {
  const Components components(kinds);
  int group = 0;
  for (std::vector<int> component : components.all()) {
    ++group;
    const auto comes_later = [&](int kind) {
      return kinds[static_cast<std::size_t>(kind)].form != Kind::Form::kChoice;
    };
    std::sort(component.begin(), component.end(),
              [&](int a, int b) { return std::pair(comes_later(a), a) < std::pair(comes_later(b), b); });
    for (const int index : component) {
      Kind& kind = kinds[static_cast<std::size_t>(index)];
      kind.group = group;
      kind.recursive = component.size() > 1 || std::find(kind.uses.begin(), kind.uses.end(), index) != kind.uses.end();
      if (kind.form != Kind::Form::kValue) order.push_back(index);
    }
  }
}

}  // namespace sofa::java
