#include "sofa/cli/release_plan.h"

#include "sofa/base/config.h"

namespace sofa::cli {

// Found by argument lookup, so they stand where their types do.
static const config::Schema& config_schema(const ReleasePlan::Module*) {
  using M = ReleasePlan::Module;
  static const config::Schema schema = config::schema<M>({
      config::key<&M::file>("file", "the new version's shared object", {.min = 1, .required = true}),
      config::key<&M::config>("config", "its settings"),
  });
  return schema;
}

static const config::Schema& config_schema(const ReleasePlan::StopOn*) {
  using S = ReleasePlan::StopOn;
  static const config::Schema schema = config::schema<S>({
      config::key<&S::error_percent>("error_percent", "of the calls since the batch began, beyond which all goes back"),
      config::key<&S::p99_ms>("p99_ms", "within which 99 of 100 calls must have been served; 0 is no limit"),
      config::key<&S::least_calls>("least_calls", "below which there are too few to judge"),
  });
  return schema;
}

static const config::Schema& config_schema(const ReleasePlan*) {
  using P = ReleasePlan;
  static const config::Schema schema = config::schema<P>({
      config::key<&P::pause>("pause_ms", "after each batch, in which callers are watched", {.max = 86'400'000}),
      config::key<&P::stop_on>("stop_on", "when a release goes back"),
      config::key<&P::batches>("batches", "lists of modules; those of one list are released together",
                               {.min = 1, .max = 1000, .required = true}),
  });
  return schema;
}

Result<ReleasePlan> load_release_plan(std::string_view text, std::string_view file) {
  return config::load<ReleasePlan>(text, file);
}

}  // namespace sofa::cli
