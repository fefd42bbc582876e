#include "sofa/cli/module_process.h"

#include <fmt/format.h>

#include "sofa/base/log.h"
#include "sofa/boot/container.h"
#include "sofa/cli/command.h"
#include "sofa/io/posix/env.h"

namespace sofa::cli {
namespace {

std::pair<std::string, std::string> halves(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {text, {}};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void write(const std::string& path, const boot::ProcessReport& report) {
  const Result<void> written = boot::write_report(io::posix::env().disk, path, report);
  if (!written) log::error("cannot tell the host: {}", written.error().message());
}

}  // namespace

Result<void> ModuleProcess::reduce(rpc::ApplicationFile& application) const {
  const auto known = application.modules.find(module);
  rpc::ApplicationModule own = known == application.modules.end() ? rpc::ApplicationModule{} : known->second;
  own.file = file;
  own.elsewhere = false;
  own.isolation = "shared";
  own.part.name = module;
  own.settings.clear();
  for (const std::string& setting : settings) own.settings.insert(halves(setting));
  application.modules.clear();
  for (const std::string& name : elsewhere) application.modules[name].elsewhere = true;
  application.modules[module] = std::move(own);
  for (const std::string& address : addresses) {
    auto [url, service] = halves(address);
    application.context.addresses.emplace(std::move(service), std::move(url));
  }
  // Two processes cannot have one port, nor write to one file in turns.
  observe::Config& observed = application.context.observe;
  observed.admin.clear();
  observed.folder += "/" + module;
  if (!application.log.file.empty()) application.log.file += "." + module;
  return {};
}

void ModuleProcess::report_services(const boot::Container& modules) const {
  boot::ProcessReport report_made;
  for (const boot::ModuleInfo& each : modules.modules()) {
    for (const Context::Published& service : each.services) report_made.services.push_back(service.service);
  }
  write(report, report_made);
}

void ModuleProcess::report_failure(const Error& error) const {
  write(report, {.services = {}, .failure = std::string(error.message())});
}

// Hidden: only a host says so.
void add_options(CLI::App& command, ModuleProcess& process) {
  const auto add = [&](const char* name, auto& to) { command.add_option(name, to)->group(""); };
  add("--module", process.module);
  add("--module-file", process.file);
  add("--module-report", process.report);
  for (auto& [name, to] : {std::pair<const char*, std::vector<std::string>*>{"--module-set", &process.settings},
                           {"--module-address", &process.addresses},
                           {"--module-elsewhere", &process.elsewhere}}) {
    command.add_option(name, *to)->group("")->allow_extra_args(false);
  }
}

boot::ProcessCommand command_for(std::string application_file, std::string registry, std::string program) {
  return [application_file = std::move(application_file), registry = std::move(registry),
          program = std::move(program)](const boot::ProcessStart& start) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(start.grace).count();
    std::vector<std::string> command{
        program,    "serve",      application_file,  "--quiet",    "--shards", "1",
        "--module", start.module, "--module-file",   start.file,   "--listen", start.listen,
        "--ctl",    start.ctl,    "--module-report", start.report, "--grace",  fmt::format("{}ms", ms)};
    const auto add = [&](const char* option, std::string value) {
      command.emplace_back(option);
      command.push_back(std::move(value));
    };
    if (!registry.empty()) add("--registry", registry);
    for (const auto& [key, value] : start.settings) add("--module-set", key + "=" + value);
    for (const auto& [service, url] : start.addresses) add("--module-address", url + "=" + service);
    for (const std::string& name : start.elsewhere) add("--module-elsewhere", name);
    return command;
  };
}

}  // namespace sofa::cli
