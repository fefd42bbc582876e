// sofa ctl: operates a running process over its unix socket.
#include "sofa/cli/command.h"
#include "sofa/cli/ctl_verbs.h"

namespace sofa::cli {

std::function<int()> setup_ctl(CLI::App& command) {
  command.footer(
      "Examples:\n"
      "  sofa ctl module list\n"
      "  sofa ctl module install build/accounts-2.so --set limit=500\n"
      "  sofa ctl module install build/accounts-2.so --isolation process\n"
      "  sofa ctl module apply plan.yaml\n"
      "  sofa ctl module trial accounts 2.0.0 --percent 5\n"
      "  sofa ctl module switch accounts 2.0.0\n"
      "  sofa ctl module rollback accounts\n"
      "  sofa ctl module uninstall accounts 1.0.0\n"
      "  sofa ctl --app bank --json module list\n"
      "  sofa ctl services\n"
      "  sofa ctl shards\n"
      "  sofa ctl loglevel debug\n"
      "  sofa ctl startup --html > startup.html");
  auto options = std::make_shared<CtlOptions>();
  command.add_option("--socket", options->socket, "the process's unix socket, where its file says another");
  command.add_option("--app", options->app, "the process's `app`")->capture_default_str();
  command.add_flag("--json", options->json, "as the process says it");
  options->app = "bank";
  command.require_subcommand(1);
  CLI::App& module = *command.add_subcommand("module", "the modules of a running application");
  module.require_subcommand(1);
  auto chosen = std::make_shared<const CtlVerb*>(nullptr);
  for (const CtlVerb& verb : module_verbs()) {
    CLI::App& sub = *module.add_subcommand(verb.name, verb.what);
    sub.callback([chosen, &verb] { *chosen = &verb; });
    if (verb.takes == CtlVerb::kFile) {
      sub.add_option("FILE", options->file, "its shared object")->required();
      sub.add_option("--set", options->settings, "KEY=VALUE of its settings; may be given again")
          ->allow_extra_args(false);
      sub.add_option("--isolation", options->isolation, "shared or process, in place of what its module.yaml says")
          ->check(CLI::IsMember({"shared", "process"}));
    }
    if (verb.takes == CtlVerb::kPlan) {
      sub.add_option("PLAN", options->file, "a file with `batches` of modules; docs/guides has one")->required();
    }
    if (verb.takes != CtlVerb::kNothing && verb.takes != CtlVerb::kFile && verb.takes != CtlVerb::kPlan) {
      sub.add_option("NAME", options->name, "of the module")->required();
    }
    if (verb.takes == CtlVerb::kOptionalVersion) sub.add_option("VERSION", options->version, "of the module");
    if (verb.takes == CtlVerb::kVersion || verb.takes == CtlVerb::kTrial) {
      sub.add_option("VERSION", options->version, "of the module")->required();
    }
    if (verb.takes == CtlVerb::kTrial) {
      sub.add_option("--percent", options->percent, "of the calls, such as 2.5");
      sub.add_option("--callers", options->callers,
                     "applications and modules, between commas, all of whose calls go there");
    }
  }
  for (const CtlVerb& verb : process_verbs()) {
    CLI::App& sub = *command.add_subcommand(verb.name, verb.what);
    sub.callback([chosen, &verb] { *chosen = &verb; });
    if (verb.takes == CtlVerb::kLevel)
      sub.add_option("LEVEL", options->level, "trace, debug, info, warn, error or off");
    if (verb.takes == CtlVerb::kPage) sub.add_flag("--html", options->html, "as a page, to be kept in a file");
  }
  return [options, chosen] { return (*chosen)->run(*options); };
}

}  // namespace sofa::cli
