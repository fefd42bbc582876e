#include "sofa/boot/container.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/base/mutant.h"
#include "sofa/boot/error.h"
#include "sofa/boot/module_graph.h"
#include "sofa/io/async.h"
#include "sofa/io/gate.h"
#include "sofa/io/signal.h"
#include "sofa/net/http_client.h"

namespace sofa::boot {
namespace {

bool is_up(const ModuleInstance& instance) {
  return instance.state() == ModuleState::kActive;
}

}  // namespace

/// Marks that an operation is under way; others are refused meanwhile, and say so.
class Container::Operation {
 public:
  explicit Operation(Container& container) : container_(container) {
    if (container.busy_) {
      throw Error(BootError::kState, "another operation on modules is under way: try again when it has ended",
                  Retriable::kYes);
    }
    container.busy_ = true;
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() { container_.busy_ = false; }

 private:
  Container& container_;
};

Container::Container(Context& host, ContainerOptions options) : host_(host), options_(std::move(options)) {
  if (!options_.process_command) return;
  http_ = std::make_unique<net::HttpClient>(host_.shards());
  processes_ = std::make_shared<const ProcessHost>(options_.process_command, *http_, [this] { return look(); });
}
Container::~Container() = default;

Task<HostView> Container::look() {
  io::Shard& here = *io::Shard::current();
  co_await sofa::switch_to(home());
  while (opening_) co_await sleep(std::chrono::milliseconds(1));
  if (host_socket_.empty()) {
    opening_ = true;
    const Result<void> opened = co_await as_result(open_host_socket());
    opening_ = false;
    if (!opened) opened.error().raise();
  }
  HostView view{.url = "bolt://unix:" + host_socket_, .services = {}, .modules = options_.elsewhere};
  for (const Context::Published& each : host_.published()) view.services.push_back(each.service);
  for (const auto& instance : instances_) {
    view.modules.push_back(instance->name());
    for (const Context::Published& each : instance->services()) view.services.push_back(each.service);
  }
  co_await sofa::switch_to(here);
  co_return view;
}

// Beside the copies of the modules: nobody else may look into that folder.
Task<void> Container::open_host_socket() {
  const std::string path = instances_.front()->kept_file() + ".host";
  co_await host_.start_listening("bolt://unix:" + path);
  co_await sofa::switch_to(home());
  host_socket_ = path;
}

Task<void> Container::start(std::vector<ModuleOptions> modules) {
  const Operation operation(*this);
  co_await resolve_and_load(std::move(modules));
  co_await start_all();
  co_await check_all();
  for (const auto& instance : instances_) {
    if (!is_up(*instance)) continue;
    const Result<void> ready = co_await as_result(instance->ready());
    if (!ready && !options_.best_effort) co_await give_up(ready.error().message());
  }
  leave_out_failed();
}

Task<void> Container::resolve_and_load(std::vector<ModuleOptions> modules) {
  std::vector<std::string> problems;
  Instances read;
  for (ModuleOptions& module : modules) {
    auto instance = std::make_unique<ModuleInstance>(place(), std::move(module));
    const Result<void> outcome = co_await as_result(instance->read());
    if (!outcome) {
      problems.push_back(outcome.error().message());
      continue;
    }
    sections_.emplace(instance->name(), instance->options());
    if (instance->manifest().is_in(options_.profiles)) {
      read.push_back(std::move(instance));
    }
  }
  if (!problems.empty()) throw Error(BootError::kFailed, fmt::format("{}", fmt::join(problems, "\n")));
  std::vector<Manifest> manifests;
  for (const auto& instance : read) manifests.push_back(instance->manifest());
  Result<std::vector<std::size_t>> order = resolve(manifests, options_.elsewhere);
  if (!order) order.error().raise();
  for (const std::size_t index : *order) instances_.push_back(std::move(read[index]));
}

/// What the tasks that start modules share.
struct Container::Starting {
  enum class Outcome : std::uint8_t { kUnderWay, kUp, kFailed };
  std::vector<Outcome> outcomes;
  Signal changed;
};

Task<void> Container::start_all() {
  const auto starting = std::make_shared<Starting>();
  starting->outcomes.resize(instances_.size());
  Gate gate;
  for (std::size_t i = 0; i < instances_.size(); ++i) (void)gate.spawn(start_one(starting, i));
  co_await gate.close();
  std::vector<std::string> failures;
  for (const auto& instance : instances_) {
    if (instance->state() == ModuleState::kBroken) failures.push_back(instance->log().entries().back().why);
  }
  if (failures.empty()) co_return;
  if (!options_.best_effort) co_await give_up(fmt::format("{}", fmt::join(failures, "\n")));
  for (const std::string& failure : failures) log::error("{}", failure);
}

Task<void> Container::start_one(std::shared_ptr<Starting> starting, std::size_t index) {
  using Outcome = Starting::Outcome;
  ModuleInstance& instance = *instances_[index];
  std::string missing;
  for (const std::string& name : instance.manifest().requires_modules) {
    const auto is_it = [&](const auto& other) { return other->name() == name; };
    const auto required = static_cast<std::size_t>(std::ranges::find_if(instances_, is_it) - instances_.begin());
    if (required == instances_.size()) continue;  // elsewhere
    while (starting->outcomes[required] == Outcome::kUnderWay) co_await starting->changed.wait();
    if (starting->outcomes[required] == Outcome::kFailed) missing += (missing.empty() ? "" : ", ") + name;
  }
  Outcome outcome = Outcome::kFailed;
  if (!missing.empty() && !SOFA_MUTANT("requirement-not-heeded")) {
    instance.fail_with(fmt::format("module '{}' {} was not started: it requires {}, which failed", instance.name(),
                                   instance.version(), missing));
  } else {
    // Nothing is served yet, so all shards but this one may be used.
    io::Shards& shards = host_.shards();
    const int on = shards.size() == 1 ? 0 : 1 + static_cast<int>(index) % (shards.size() - 1);
    const auto bring_up = [](ModuleInstance& module, io::Shard& shard) -> Task<void> {
      co_await module.load();
      co_await module.start(shard);
      co_await module.place_in_process();
    };
    const Result<void> up = co_await as_result(bring_up(instance, shards[on]));
    if (!up) instance.fail_with(up.error().message());
    if (up) outcome = Outcome::kUp;
  }
  starting->outcomes[index] = outcome;
  starting->changed.raise();
}

Task<void> Container::check_all() {
  Gate gate;
  for (const auto& instance : instances_) {
    if (instance->state() == ModuleState::kBroken) continue;
    const auto check = [](ModuleInstance& module) -> Task<void> {
      co_await module.check();
      co_await module.open();
    };
    (void)gate.spawn(check(*instance));
  }
  co_await gate.close();
  if (const auto& error = gate.first_error()) {
    if (!options_.best_effort) co_await give_up(error->message());
    log::error("{}", error->message());
  }
}

// All or nothing: what came up goes, in the opposite order.
Task<void> Container::give_up(std::string why) {
  for (auto at = instances_.rbegin(); at != instances_.rend(); ++at) {
    if (may_follow((*at)->state(), ModuleState::kDraining)) co_await (*at)->close();
    if (may_follow((*at)->state(), ModuleState::kStopping)) (void)co_await (*at)->unload();
  }
  throw Error(BootError::kFailed, why);
}

// A module that requires one that failed after its start cannot stay.
void Container::leave_out_failed() {
  for (const auto& instance : instances_) {
    if (!is_up(*instance)) log::error("module '{}' {} is left out", instance->name(), instance->version());
  }
}

Task<void> Container::stop() {
  // Who is connected stays so; and the folder is to be empty when the last module goes.
  if (!host_socket_.empty()) (void)host_.env().disk.remove(host_socket_);
  for (auto at = instances_.rbegin(); at != instances_.rend(); ++at) {
    ModuleInstance& instance = **at;
    if (may_follow(instance.state(), ModuleState::kDraining)) co_await instance.close();
    if (instance.state() == ModuleState::kDraining) {
      const Result<void> drained = co_await as_result(instance.drain(home().now() + options_.life.drain_timeout));
      if (!drained) log::warn("{}", drained.error().message());
    }
    if (!may_follow(instance.state(), ModuleState::kStopping)) continue;
    const std::vector<std::string> pins = co_await instance.unload();
    if (!pins.empty()) {
      log::warn("module '{}' {} is kept in memory by {}", instance.name(), instance.version(), fmt::join(pins, "; "));
    }
  }
}

Task<ModuleInfo> Container::install(ModuleOptions module) {
  const Operation operation(*this);
  auto instance = std::make_unique<ModuleInstance>(place(), std::move(module));
  co_await instance->read();
  const std::string name = instance->name();
  if (const auto section = sections_.find(name); section != sections_.end()) instance->take_over(section->second);
  const auto is_same = [&](const auto& other) { return other->name() == name; };
  if (std::ranges::any_of(
          instances_, [&](const auto& other) { return is_same(other) && other->version() == instance->version(); })) {
    throw Error(BootError::kState,
                fmt::format("module '{}' {} is there already: uninstall it, or give the new build another version",
                            name, instance->version()));
  }
  if (static_cast<std::size_t>(std::ranges::count_if(instances_, is_same)) >= options_.most_versions) {
    throw Error(BootError::kState, fmt::format("there are {} versions of module '{}' already: uninstall one",
                                               options_.most_versions, name));
  }
  check_requirements(*instance);
  ModuleInstance& added = *instances_.emplace_back(std::move(instance));
  const auto bring_up = [](ModuleInstance& one) -> Task<void> {
    co_await one.load();
    co_await one.start(one.apart());
    co_await one.check();
    co_await one.ready();
  };
  const Result<void> up = co_await as_result(bring_up(added));
  if (!up) {
    added.fail_with(up.error().message());
    const std::vector<std::string> pins = co_await added.unload();
    if (pins.empty()) std::erase_if(instances_, [&](const auto& one) { return one.get() == &added; });
    throw Error(BootError::kFailed, up.error().message());
  }
  co_return describe(added);
}

Task<void> Container::check(std::string name, std::string version) {
  ModuleInstance* instance = version.empty() ? active(name) : &find(name, version);
  if (!instance)
    throw Error(BootError::kUnknown,
                fmt::format("no version of module '{}' is active; {}", name, known_versions(name)));
  co_await instance->check();
}

Task<void> Container::switch_to(std::string name, std::string version) {
  const Operation operation(*this);
  ModuleInstance& next = find(name, version);
  ModuleInstance* old = active(name);
  if (&next == old) throw Error(BootError::kState, fmt::format("module '{}' {} is active already", name, version));
  check_is_ready(next);
  check_requirements(next);
  co_await next.open(old);
  if (!old) co_return;
  if (!SOFA_MUTANT("way-back-not-noted")) previous_[name] = old->version();
  const Result<void> drained = co_await as_result(old->drain(home().now() + options_.life.drain_timeout));
  if (!drained) log::warn("{}", drained.error().message());
}

Task<void> Container::try_out(std::string name, std::string version, rpc::Trial trial) {
  const Operation operation(*this);
  ModuleInstance& next = find(name, version);
  const bool ends = trial.share == 0 && trial.callers.empty();
  if (ends && next.state() != ModuleState::kTrial) {
    throw Error(BootError::kState,
                fmt::format("module '{}' {} is not on trial, but {}", name, version, to_string(next.state())));
  }
  if (ends) {
    co_await next.close();
    co_return co_await next.drain(home().now() + options_.life.drain_timeout);
  }
  check_is_ready(next);
  if (!active(name)) {
    throw Error(
        BootError::kState,
        fmt::format("no version of module '{}' is active, so there is nothing beside which to try {}: switch to it",
                    name, version));
  }
  if (next.state() == ModuleState::kDraining) co_await next.drain(home().now() + options_.life.drain_timeout);
  next.try_out(trial);
}

Task<void> Container::rollback(std::string name) {
  const auto previous = previous_.find(name);
  if (previous == previous_.end()) {
    throw Error(BootError::kState, fmt::format("module '{}' was not switched: there is nothing to go back to; {}", name,
                                               known_versions(name)));
  }
  co_await switch_to(name, previous->second);
}

Task<std::vector<std::string>> Container::uninstall(std::string name, std::string version) {
  const Operation operation(*this);
  ModuleInstance& instance = find(name, version);
  if (is_up(instance)) check_not_required(instance);
  if (may_follow(instance.state(), ModuleState::kDraining)) co_await instance.close();
  if (instance.state() == ModuleState::kDraining) co_await instance.drain(home().now() + options_.life.drain_timeout);
  std::vector<std::string> pins = co_await instance.unload();
  if (pins.empty()) {
    const auto previous = previous_.find(name);
    if (previous != previous_.end() && previous->second == version) previous_.erase(previous);
    std::erase_if(instances_, [&](const auto& one) { return one.get() == &instance; });
  }
  co_return pins;
}

ModuleInstance* Container::active(std::string_view name) const {
  const auto found =
      std::ranges::find_if(instances_, [&](const auto& one) { return one->name() == name && is_up(*one); });
  return found == instances_.end() ? nullptr : found->get();
}

ModuleInstance& Container::find(const std::string& name, const std::string& version) const {
  for (const auto& instance : instances_) {
    if (instance->name() == name && instance->version() == version) return *instance;
  }
  throw Error(BootError::kUnknown, fmt::format("there is no module '{}' {}; {}", name, version, known_versions(name)));
}

std::string Container::known_versions(const std::string& name) const {
  std::vector<std::string> versions, names;
  for (const auto& instance : instances_) {
    if (instance->name() == name)
      versions.push_back(fmt::format("{} ({})", instance->version(), to_string(instance->state())));
    names.push_back(instance->name());
  }
  if (!versions.empty()) return fmt::format("of '{}' there is {}", name, fmt::join(versions, ", "));
  return names.empty() ? "there are no modules" : fmt::format("there is {}", fmt::join(names, ", "));
}

// One that drains still is the way back.
void Container::check_is_ready(const ModuleInstance& instance) const {
  constexpr ModuleState kFit[] = {ModuleState::kStandby, ModuleState::kTrial, ModuleState::kDraining};
  if (std::ranges::find(kFit, instance.state()) != std::end(kFit)) return;
  throw Error(BootError::kState, fmt::format("module '{}' {} is {}: only one in standby can be given calls",
                                             instance.name(), instance.version(), to_string(instance.state())));
}

void Container::check_requirements(const ModuleInstance& instance) const {
  std::vector<std::string> missing;
  for (const std::string& name : instance.manifest().requires_modules) {
    const bool is_elsewhere = std::ranges::find(options_.elsewhere, name) != options_.elsewhere.end();
    if (!is_elsewhere && !active(name)) missing.push_back(name);
  }
  if (missing.empty()) return;
  throw Error(BootError::kUnresolved, fmt::format("module '{}' {} requires {}, of which no version is active",
                                                  instance.name(), instance.version(), fmt::join(missing, ", ")));
}

void Container::check_not_required(const ModuleInstance& instance) const {
  std::vector<std::string> users;
  for (const auto& other : instances_) {
    const auto& required = other->manifest().requires_modules;
    if (is_up(*other) && std::ranges::find(required, instance.name()) != required.end()) users.push_back(other->name());
  }
  if (users.empty()) return;
  throw Error(BootError::kState,
              fmt::format("module '{}' is required by {}: switch to another version of it, or uninstall these before",
                          instance.name(), fmt::join(users, ", ")));
}

std::vector<ModuleInfo> Container::modules() const {
  std::vector<ModuleInfo> all;
  for (const auto& instance : instances_) all.push_back(describe(*instance));
  return all;
}

ModuleInfo describe(const ModuleInstance& instance) {
  return {.name = instance.name(),
          .version = instance.version(),
          .state = instance.state(),
          .requires_modules = instance.manifest().requires_modules,
          .services = instance.services(),
          .log = instance.log().entries(),
          .steps = instance.steps(),
          .memory_bytes = instance.memory_bytes(),
          .file = instance.options().file,
          .settings = instance.options().settings,
          .process = instance.process()};
}

}  // namespace sofa::boot
