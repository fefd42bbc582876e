#include "sofa/boot/module_instance.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/base/mutant.h"
#include "sofa/boot/error.h"
#include "sofa/boot/module_file.h"
#include "sofa/boot/run_apart.h"
#include "sofa/io/async.h"
#include "sofa/io/whole_file.h"

namespace sofa::boot {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(1);
constexpr std::uint64_t kMostFileBytes = 1ULL << 30;

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) result.error().raise();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string plural(std::size_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace

ModuleInstance::ModuleInstance(HostPlace place, ModuleOptions options) : place_(place), options_(std::move(options)) {
  enter(ModuleState::kLoading);
}

ModuleInstance::~ModuleInstance() {
  // Of one that was not unloaded its code stays for the rest of the process, and with it what that code is needed for.
  static auto& stay = *new std::vector<std::pair<ModuleContext*, Module*>>;
  if (context_ && (module_ || library_)) stay.emplace_back(context_.release(), module_);
  if (!library_ && !kept_.empty()) place_.host.env().code.drop(kept_);
}

io::Shard& ModuleInstance::apart() const {
  io::Shards& shards = place_.host.shards();
  return shards[shards.size() - 1];
}

void ModuleInstance::enter(ModuleState state, std::string why) {
  log_.enter(state, place_.host.env().clock.wall(), std::move(why));
}

void ModuleInstance::fail_with(const std::string& why) {
  if (may_follow(state(), ModuleState::kBroken)) enter(ModuleState::kBroken, why);
}

Task<void> ModuleInstance::run(std::string step, io::Shard& on, io::Duration timeout,
                               std::function<Task<void>()> begin) {
  const std::string what = name().empty() ? fmt::format("{}: {}", options_.file, step)
                                          : fmt::format("module '{}' {}: {}", name(), version(), step);
  const io::TimePoint began = place_.host.env().clock.now();
  const Result<void> outcome = co_await as_result(run_apart(on, std::move(begin), {.what = what, .timeout = timeout}));
  steps_.push_back({std::move(step), began, place_.host.env().clock.now() - began});
  if (outcome) co_return;
  note_left_behind(steps_.back().name, outcome.error());
  const bool is_ours = outcome.error().is(BootError::kTimeout) || outcome.error().is(BootError::kPinned);
  const std::string why =
      is_ours ? outcome.error().message() : fmt::format("{} failed: {}", what, outcome.error().message());
  fail_with(why);
  throw Error(is_ours ? BootError::kTimeout : BootError::kFailed, why);
}

void ModuleInstance::note_left_behind(std::string_view step, const Error& error) {
  if (error.is(BootError::kPinned)) left_behind_ = fmt::format("its {}, which has not ended", step);
}

Task<void> ModuleInstance::read() {
  co_await run("read", apart(), place_.life.load_timeout, [this] {
    const std::string text = options_.linked ? options_.manifest : keep_file();
    manifest_ = value_or_raise(load_manifest(text, options_.file + " (module.yaml)"));
    obey();
    return Task<void>::ready();
  });
}

void ModuleInstance::obey() {
  if (options_.isolation) manifest_.isolation = *options_.isolation;
  if (options_.limits) manifest_.limits = *options_.limits;
}

void ModuleInstance::take_over(const ModuleOptions& section) {
  options_.part = section.part;
  options_.log = section.log;
  if (!options_.isolation) options_.isolation = section.isolation;
  if (!options_.limits) options_.limits = section.limits;
  for (const auto& [key, value] : section.settings) {
    if (manifest_.config.contains(key)) options_.settings.emplace(key, value);  // a version may have done away with one
  }
  obey();
}

// A copy, which is what is looked at and what is loaded: the file itself may be replaced at any time.
std::string ModuleInstance::keep_file() {
  const std::string_view name = std::string_view(options_.file).substr(options_.file.rfind('/') + 1);
  kept_ = value_or_raise(place_.host.env().code.keep(options_.file, std::string(name)));
  const Bytes bytes = value_or_raise(io::read_file(place_.host.env().disk, kept_, kMostFileBytes));
  ModuleNote note = value_or_raise(read_module_note(bytes, options_.file));
  value_or_raise(check_compatible(note, options_.file));
  has_thread_exits_ = as_text(bytes).find("__cxa_thread_atexit") != std::string_view::npos;
  return std::move(note.manifest);
}

Task<void> ModuleInstance::load() {
  options_.part.name = name();
  context_ = std::make_unique<ModuleContext>(
      place_.host, place_.points, manifest_, options_.part,
      value_or_raise(read_settings(manifest_, options_.settings, fmt::format("modules.{}.config", name()))),
      options_.log);
  co_await run("load", apart(), place_.life.load_timeout, [this] {
    if (manifest_.isolation == Isolation::kProcess) return make_process_module(), Task<void>::ready();
    if (!options_.linked) map_code();
    make_module();
    return Task<void>::ready();
  });
}

void ModuleInstance::map_code() {
  io::Code& code = place_.host.env().code;
  library_ = value_or_raise(code.load(kept_));
  entry_ = static_cast<const sofa_module_entry*>(code.symbol(library_, "sofa_module"));
  if (!entry_) throw Error(BootError::kFile, "it has no SOFA_MODULE(…)");
}

void ModuleInstance::make_module() {
  if (options_.linked) entry_ = options_.linked;
  if (entry_->abi != SOFA_MODULE_ABI || std::string_view(entry_->toolchain) != SOFA_TOOLCHAIN) {
    throw Error(BootError::kIncompatible, "its note says another abi or toolchain than its code: build it anew");
  }
  char why[512] = {};
  module_ = static_cast<Module*>(entry_->create(why, sizeof(why)));
  if (!module_) throw Error(BootError::kFailed, fmt::format("its constructor threw: {}", why));
}

void ModuleInstance::make_process_module() {
  if (!place_.processes || options_.linked) {
    throw Error(BootError::kManifest,
                "it asks for a process of its own (isolation: process), and this program can give "
                "it none: say `isolation: shared` for it in the application's file");
  }
  auto made = std::make_unique<ProcessModule>(place_.processes,
                                              ProcessModule::Options{.file = kept_,
                                                                     .settings = options_.settings,
                                                                     .limits = manifest_.limits,
                                                                     .stop_timeout = place_.life.stop_timeout});
  process_ = made.get();
  module_ = made.release();
}

void ModuleInstance::destroy_module() {
  Module* module = std::exchange(module_, nullptr);
  if (!process_) return entry_->destroy(module);
  process_ = nullptr;
  delete module;
}

std::optional<ProcessInfo> ModuleInstance::process() const {
  return process_ ? std::optional(process_->info()) : std::nullopt;
}

Task<void> ModuleInstance::start(io::Shard& on) {
  enter(ModuleState::kStarting);
  co_await run("start", on, place_.life.start_timeout, [this] { return module_->start(*context_); });
  check_provides();
  enter(ModuleState::kChecking);
}

void ModuleInstance::check_provides() const {
  const std::vector<Context::Published> published = context_->published();
  for (const std::string& interface : manifest_.provides) {
    const auto is_it = [&](const Context::Published& one) { return one.service.starts_with(interface + ":"); };
    if (std::ranges::any_of(published, is_it)) continue;
    throw Error(BootError::kManifest,
                fmt::format("module '{}' {} says in module.yaml that it provides {}, but does not publish it", name(),
                            version(), interface));
  }
}

Task<void> ModuleInstance::check() {
  if (state() == ModuleState::kStandby) enter(ModuleState::kChecking);
  std::string why;
  for (std::uint32_t i = 0; i < place_.life.checks; ++i) {
    if (i > 0) co_await sleep(place_.life.check_interval);
    const Result<void> healthy = co_await as_result(run_apart(
        apart(), [this] { return module_->check(*context_); },
        {.what = fmt::format("check of module '{}' {}", name(), version()), .timeout = place_.life.check_timeout}));
    if (healthy) {
      if (state() == ModuleState::kChecking) enter(ModuleState::kStandby);
      co_return;
    }
    if (SOFA_MUTANT("check-not-heeded")) co_return enter(ModuleState::kStandby);
    note_left_behind("check", healthy.error());
    why = healthy.error().message();
  }
  why = fmt::format("module '{}' {} is not healthy after {}: {}", name(), version(),
                    plural(place_.life.checks, "check"), why);
  if (state() != ModuleState::kActive) fail_with(why);
  throw Error(BootError::kFailed, why);
}

Task<void> ModuleInstance::ready() {
  return run("ready", apart(), place_.life.start_timeout, [this] { return module_->ready(*context_); });
}

Task<void> ModuleInstance::place_in_process() {
  return context_->open();
}

Task<void> ModuleInstance::open(ModuleInstance* replaced) {
  enter(ModuleState::kActive);
  context_->extensions_.open(replaced ? &replaced->context_->extensions_ : nullptr);
  co_await context_->open();
  if (replaced) co_await replaced->close();
}

void ModuleInstance::try_out(const rpc::Trial& trial) {
  if (state() != ModuleState::kTrial) enter(ModuleState::kTrial);
  context_->try_out(trial);
}

Task<void> ModuleInstance::close() {
  enter(ModuleState::kDraining);
  context_->extensions_.close();
  co_await context_->close();
}

Task<void> ModuleInstance::drain(io::TimePoint deadline) {
  for (;;) {
    std::string busy;
    for (const Context::Published& service : context_->published()) {
      if (service.calls > 0)
        busy += fmt::format("; {} of {}", plural(static_cast<std::size_t>(service.calls), "call"), service.service);
    }
    if (context_->extensions_.in_use() > 0) busy += "; contributions that are in use";
    if (busy.empty() || SOFA_MUTANT("drain-does-not-wait")) break;
    if (io::Shard::current()->now() >= deadline) {
      throw Error(BootError::kTimeout, fmt::format("module '{}' {} is still in use{}", name(), version(), busy));
    }
    co_await sleep(kLookAgain);
  }
  if (state() == ModuleState::kDraining) enter(ModuleState::kStandby);
}

// What runs on a shard when the mail comes has ended when the mail is done.
Task<void> ModuleInstance::round() {
  io::Shard& home = *io::Shard::current();
  for (int i = 0; i < place_.host.shards().serving(); ++i) co_await switch_to(place_.host.shards()[i]);
  co_await switch_to(home);
  co_await run_apart(apart(), [] { return Task<void>::ready(); },
                     {.what = "what a module runs on the shard apart", .timeout = place_.life.stop_timeout});
}

Task<std::vector<std::string>> ModuleInstance::unload() {
  if (state() != ModuleState::kPinned) {
    enter(ModuleState::kStopping);
    if (context_) {
      context_->extensions_.close();
      co_await context_->close();
    }
    const Result<void> quiet = co_await as_result(round());
    if (!quiet) note_left_behind("code on the shard apart", quiet.error());
    if (module_ && left_behind_.empty()) {
      const Result<void> stopped = co_await as_result(
          run("stop", apart(), place_.life.stop_timeout, [this] { return module_->stop(*context_); }));
      if (!stopped) log::warn("{}", stopped.error().message());
      if (state() == ModuleState::kBroken) enter(ModuleState::kStopping);
    }
  }
  std::vector<std::string> pins = co_await find_pins();
  if (pins.empty() && library_) {
    co_await round();
    co_await run_apart(
        apart(),
        [this] { return place_.host.env().code.unload(std::exchange(library_, nullptr)), Task<void>::ready(); },
        {.what = fmt::format("unloading '{}'", name()), .timeout = place_.life.stop_timeout});
  }
  if (pins.empty() && !kept_.empty()) {
    if (place_.host.env().code.mapped(kept_).empty()) {
      place_.host.env().code.drop(std::exchange(kept_, {}));
    } else {
      pins.push_back(has_thread_exits_ ? "a thread_local with a destructor, in a thread that has run the module's code"
                                       : "something that its file itself asks for: it is still mapped");
    }
  }
  if (pins.empty()) {
    enter(ModuleState::kUnloaded);
  } else if (state() != ModuleState::kPinned) {
    enter(ModuleState::kPinned, fmt::format("{}", fmt::join(pins, "; ")));
  }
  co_return pins;
}

Task<std::vector<std::string>> ModuleInstance::find_pins() {
  std::vector<std::string> pins;
  if (!left_behind_.empty()) pins.push_back(left_behind_);
  if (!context_) co_return pins;
  const io::TimePoint deadline = io::Shard::current()->now() + place_.life.stop_timeout;
  const std::size_t tasks = co_await context_->tasks_.close(deadline);
  if (tasks > 0) pins.push_back(plural(tasks, "task") + " that did not end when cancelled");
  for (const Context::Published& service : context_->published()) {
    if (service.calls > 0)
      pins.push_back(fmt::format("{} of {}", plural(static_cast<std::size_t>(service.calls), "call"), service.service));
    if (service.holders > 0) pins.push_back(fmt::format("the object of {}, which somebody holds", service.service));
  }
  if (context_->extensions_.in_use() + context_->extensions_.holders() > 0) {
    pins.push_back("contributions, which somebody holds");
  }
  io::Shard& home = *io::Shard::current();
  std::vector<io::Code::Range> ranges;
  if (library_) ranges = place_.host.env().code.mapped(kept_);
  const auto is_ours = [&ranges](std::uintptr_t address) {
    return std::ranges::any_of(ranges, [&](const io::Code::Range& range) { return range.has(address); });
  };
  for (int i = 0; i < place_.host.shards().serving() && !ranges.empty(); ++i) {
    co_await switch_to(place_.host.shards()[i]);
    const std::size_t timers = io::Shard::current()->timers().count_calling(is_ours);
    if (timers > 0) pins.push_back(fmt::format("{} on shard {}", plural(timers, "timer"), i));
  }
  co_await switch_to(home);
  if (!ranges.empty()) {
    const auto threads = std::make_shared<std::vector<std::string>>();  // the look may outlast this wait for it
    const auto look = [&code = place_.host.env().code, ranges, threads] {
      *threads = code.threads_in(ranges);
      return Task<void>::ready();
    };
    co_await run_apart(apart(), look, {.what = "a look at the threads", .timeout = place_.life.stop_timeout});
    for (std::string& thread : *threads) pins.push_back("thread " + std::move(thread));
  }
  if (!pins.empty()) co_return pins;

  co_await run_apart(
      apart(), [this] { return destroy_module(), Task<void>::ready(); },
      {.what = fmt::format("the destructor of module '{}'", name()), .timeout = place_.life.stop_timeout});
  context_->close_pools();
  context_.reset();
  co_return pins;
}

std::vector<Context::Published> ModuleInstance::services() const {
  return context_ ? context_->published() : std::vector<Context::Published>();
}

}  // namespace sofa::boot
