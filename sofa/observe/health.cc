#include "sofa/observe/health.h"

#include <map>
#include <utility>

#include "sofa/base/json_text.h"

namespace sofa::observe {

struct Health::State {
  struct Entry {
    Group group;
    bool up;
    std::string reason;
    std::uint64_t number;  // the handle's that it belongs to
  };
  mutable std::mutex mutex;
  std::map<std::string, Entry, std::less<>> entries;
  std::uint64_t last_number = 0;

  Entry* find(const std::string& name, std::uint64_t number) {
    const auto found = entries.find(name);
    return found != entries.end() && found->second.number == number ? &found->second : nullptr;
  }
};

Health::Health() : state_(std::make_shared<State>()) {}

Health::Component Health::component(std::string_view name, Group group) {
  const std::lock_guard lock(state_->mutex);
  auto& entries = state_->entries;
  Component made;
  made.state_ = state_;
  made.name_ = name;
  made.number_ = ++state_->last_number;
  if (!entries.contains(name) && entries.size() >= kMostComponents) {
    entries.insert_or_assign("other", State::Entry{kAll, false, "there are more components than are kept", 0});
    return made;
  }
  entries.insert_or_assign(made.name_, State::Entry{group, false, "starting", made.number_});
  return made;
}

Health::Component& Health::Component::operator=(Component&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(name_, other.name_);
  std::swap(number_, other.number_);
  return *this;
}

Health::Component::~Component() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->find(name_, number_)) state_->entries.erase(name_);
}

void Health::Component::set(bool up, std::string_view reason) const {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (State::Entry* entry = state_->find(name_, number_)) {
    entry->up = up;
    entry->reason = reason;
  }
}

Health::Report Health::report(Group group) const {
  Report report;
  std::string components;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [name, entry] : state_->entries) {
    if ((entry.group & group) == 0) continue;
    report.up &= entry.up;
    if (!components.empty()) components += ',';
    append_json_string(components, name);
    components.append(entry.up ? ":{\"status\":\"UP\"" : ":{\"status\":\"DOWN\"");
    if (!entry.reason.empty()) {
      components += ",\"details\":{\"reason\":";
      append_json_string(components, entry.reason);
      components += '}';
    }
    components += '}';
  }
  report.json = report.up ? "{\"status\":\"UP\"" : "{\"status\":\"DOWN\"";
  if (!components.empty()) report.json.append(",\"components\":{").append(components) += '}';
  report.json += '}';
  return report;
}

}  // namespace sofa::observe
