// ModuleProcess: `sofa serve` as the process of one module of an application, whose host started it: the same file,
// less what is the host's.
//
//   options.process_command = command_for("bank.yaml", registry);         // the host's side
//   SOFA_TRY_VOID(process.reduce(file));                                  // the process's: one module is left
//   process.report_services(*host.modules());                             // it serves
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sofa/boot/process_module.h"
#include "sofa/rpc/context_config.h"

namespace CLI {
class App;
}
namespace sofa::boot {
class Container;
}

namespace sofa::cli {

struct ModuleProcess {
  std::string module;
  std::string file;
  std::vector<std::string> settings;   // KEY=VALUE
  std::vector<std::string> addresses;  // URL=SERVICE
  std::vector<std::string> elsewhere;
  std::string report;

  bool is_one() const { return !module.empty(); }
  Result<void> reduce(rpc::ApplicationFile& application) const;
  void report_services(const boot::Container& modules) const;
  void report_failure(const Error& error) const;
};

void add_options(CLI::App& command, ModuleProcess& process);
/// What `add_options` reads; `program` is `sofa`, and /proc/self/exe that which runs, whatever is installed meanwhile.
boot::ProcessCommand command_for(std::string application_file, std::string registry,
                                 std::string program = "/proc/self/exe");

}  // namespace sofa::cli
