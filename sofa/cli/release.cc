#include "sofa/cli/release.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <simdjson.h>

#include "sofa/cli/command.h"
#include "sofa/wire/http/target.h"

namespace sofa::cli {
namespace {

constexpr io::Duration kLookAgain = std::chrono::milliseconds(200);

std::string text_of(const std::string& json, const char* key) {
  simdjson::dom::parser parser;
  std::string_view text;
  (void)parser.parse(json)[key].get(text);
  return std::string(text);
}

std::string named(const std::string& name, const std::string& version) {
  return fmt::format("name={}&version={}", http::percent_encode(name), http::percent_encode(version));
}

}  // namespace

Result<std::string> Release::post(const std::string& target) {
  SOFA_TRY(AdminAnswer answer, client_.ask("POST", target));
  if (answer.status != 200) return fail(CliError::kRefused, "{}", text_of(answer.text, "error"));
  return std::move(answer.text);
}

Result<void> Release::run() {
  for (std::size_t i = 0; i < plan_.batches.size(); ++i) {
    fmt::print("batch {} of {}\n", i + 1, plan_.batches.size());
    std::fflush(stdout);
    if (Result<void> done = run_batch(plan_.batches[i]); !done) {
      roll_back();
      return done;
    }
  }
  return {};
}

Result<void> Release::run_batch(const std::vector<ReleasePlan::Module>& batch) {
  const std::size_t first = installed_.size();
  for (const ReleasePlan::Module& module : batch) SOFA_TRY_VOID(install(module));
  SOFA_TRY(const Figures before, figures());
  for (std::size_t i = first; i < installed_.size(); ++i) {
    SOFA_TRY(const std::string unused, post("/modules/switch?" + named(installed_[i].name, installed_[i].version)));
    installed_[i].switched = true;
    fmt::print("  {} {} is active\n", installed_[i].name, installed_[i].version);
  }
  return watch(before);
}

Result<void> Release::install(const ReleasePlan::Module& module) {
  const std::string path = module.file.starts_with('/') ? module.file : folder_ + "/" + module.file;
  char* whole = realpath(path.c_str(), nullptr);
  std::string target = "/modules/install?file=" + http::percent_encode(whole ? whole : path);
  std::free(whole);
  for (const auto& [key, value] : module.config) {
    target += fmt::format("&{}={}", http::percent_encode(key), http::percent_encode(value));
  }
  SOFA_TRY(const std::string made, post(target));
  installed_.push_back({text_of(made, "name"), text_of(made, "version")});
  fmt::print("  {} {} is in standby\n", installed_.back().name, installed_.back().version);
  return {};
}

Result<Release::Figures> Release::figures() {
  const std::string target = fmt::format("/figures?slow_ms={}", plan_.stop_on.p99_ms);
  SOFA_TRY(const AdminAnswer answer, client_.ask("GET", target));
  simdjson::dom::parser parser;
  const auto read = parser.parse(answer.text);
  Figures figures;
  if (read["requests"].get(figures.requests) != simdjson::SUCCESS ||
      read["errors"].get(figures.errors) != simdjson::SUCCESS || read["slow"].get(figures.slow) != simdjson::SUCCESS) {
    return fail(CliError::kRefused, "the process gives no figures to judge the release by: {}", answer.text);
  }
  return figures;
}

Result<void> Release::watch(Figures before) {
  const io::TimePoint until = client_.now() + plan_.pause;
  for (;;) {
    SOFA_TRY(const Figures now, figures());
    SOFA_TRY_VOID(judge(before, now));
    if (client_.now() >= until) {
      fmt::print("  {:.0f} calls since, {:.0f} failed\n", now.requests - before.requests, now.errors - before.errors);
      std::fflush(stdout);
      return {};
    }
    client_.sleep(std::min<io::Duration>(kLookAgain, until - client_.now()));
  }
}

Result<void> Release::judge(const Figures& before, const Figures& now) const {
  const ReleasePlan::StopOn& stop_on = plan_.stop_on;
  const double calls = now.requests - before.requests, failed = now.errors - before.errors,
               slow = now.slow - before.slow;
  if (calls < std::max(1.0, static_cast<double>(stop_on.least_calls))) return {};
  if (failed / calls * 100 > stop_on.error_percent) {
    return fail(CliError::kRefused, "{:.0f} of {:.0f} calls failed since the batch began, {:.2f} %: more than {} %",
                failed, calls, failed / calls * 100, stop_on.error_percent);
  }
  if (stop_on.p99_ms > 0 && slow / calls > 0.01) {
    return fail(CliError::kRefused, "{:.0f} of {:.0f} calls took more than {} ms since the batch began: more than 1 %",
                slow, calls, stop_on.p99_ms);
  }
  return {};
}

void Release::roll_back() {
  for (auto at = installed_.rbegin(); at != installed_.rend(); ++at) {
    if (at->switched) {
      const auto back = post("/modules/rollback?name=" + http::percent_encode(at->name));
      fmt::print("  {}: {}\n", at->name, back ? "rolled back" : back.error().message());
    }
    const auto out = post("/modules/uninstall?" + named(at->name, at->version));
    fmt::print("  {} {}: {}\n", at->name, at->version, out ? "taken out" : out.error().message());
  }
}

}  // namespace sofa::cli
