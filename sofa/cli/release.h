// Release: carries a ReleasePlan out in a running process, batch by batch, and back where callers fare badly.
//
//   Release release(client, plan, folder);
//   SOFA_TRY_VOID(release.run());        // tells each step as it goes
//
// Errors: what kept it from being carried out, after everything that it had switched was switched back.
#pragma once

#include <string>
#include <vector>

#include "sofa/cli/admin_client.h"
#include "sofa/cli/release_plan.h"

namespace sofa::cli {

class Release {
 public:
  /// `folder` is where relative paths of the plan begin.
  Release(AdminClient& client, ReleasePlan plan, std::string folder)
      : client_(client), plan_(std::move(plan)), folder_(std::move(folder)) {}

  Result<void> run();

 private:
  struct Installed {
    std::string name;
    std::string version;
    bool switched = false;
  };
  struct Figures {
    double requests = 0;
    double errors = 0;
    double slow = 0;  // took longer than the plan wants
  };
  Result<std::string> post(const std::string& target);
  Result<void> run_batch(const std::vector<ReleasePlan::Module>& batch);
  Result<void> install(const ReleasePlan::Module& module);
  Result<void> watch(Figures before);
  Result<Figures> figures();
  Result<void> judge(const Figures& before, const Figures& now) const;
  void roll_back();

  AdminClient& client_;
  const ReleasePlan plan_;
  const std::string folder_;
  std::vector<Installed> installed_;
};

}  // namespace sofa::cli
