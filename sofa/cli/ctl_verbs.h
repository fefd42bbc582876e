// What `sofa ctl` can ask of a running process.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace sofa::cli {

struct CtlOptions {
  std::string socket;
  std::string app;
  bool json = false;
  bool html = false;
  std::string name;
  std::string version;
  std::string file;
  std::vector<std::string> settings;
  std::string isolation;
  std::string percent;
  std::string callers;
  std::string level;
};

struct CtlVerb {
  const char* name;
  const char* what;
  enum { kNothing, kName, kVersion, kOptionalVersion, kFile, kPlan, kTrial, kPage, kLevel } takes;
  /// Asks, prints, and gives the exit code.
  int (*run)(const CtlOptions& options);
};

/// Of `sofa ctl module`.
std::span<const CtlVerb> module_verbs();
/// Of `sofa ctl` itself.
std::span<const CtlVerb> process_verbs();

}  // namespace sofa::cli
