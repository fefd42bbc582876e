#include "sofa/rpc/context_config.h"

#include <chrono>
#include <map>

#include <fmt/format.h>

#include "sofa/base/config.h"
#include "sofa/rpc/url.h"

namespace sofa {

// Found by argument lookup, so it stands where PublishOptions does.
static const config::Schema& config_schema(const PublishOptions*) {
  static const config::Schema schema = config::schema<PublishOptions>({
      config::key<&PublishOptions::version>("version", "version of the service", {.min = 1, .max = 255}),
      config::key<&PublishOptions::unique_id>("unique_id", "tells apart two of one interface and version",
                                              {.max = 255}),
      config::key<&PublishOptions::blocking>("blocking", "the service blocks: run its code on the worker pool"),
      config::key<&PublishOptions::max_concurrent>(
          "max_concurrent", "calls under way at once, one more is answered SERVER_BUSY; 0 is no limit of its own"),
  });
  return schema;
}

static const config::Schema& config_schema(const TracingOptions*) {
  static const config::Schema schema = config::schema<TracingOptions>({
      config::key<&TracingOptions::enabled>("enabled", "calls that have no trace get one"),
      config::key<&TracingOptions::address>("address", "this machine's IPv4 address, as it stands in trace ids",
                                            {.max = 15}),
      config::key<&TracingOptions::process>("process", "the process id in trace ids; 0 is a random number",
                                            {.max = 9'999'999}),
  });
  return schema;
}

namespace rpc {
namespace {

/// ReferenceOptions as the file says it.
struct ReferenceSection {
  std::string version = ReferenceOptions().version;
  std::string unique_id;
  std::string url;
  std::chrono::milliseconds timeout = std::chrono::duration_cast<std::chrono::milliseconds>(ReferenceOptions().timeout);
};

const config::Schema& config_schema(const ReferenceSection*) {
  static const config::Schema schema = config::schema<ReferenceSection>({
      config::key<&ReferenceSection::version>("version", "version of the service", {.min = 1, .max = 255}),
      config::key<&ReferenceSection::unique_id>("unique_id", "tells apart two of one interface and version",
                                                {.max = 255}),
      config::key<&ReferenceSection::url>(
          "url", "bolt://host:port, called when the service is not in this process; empty is only in this process"),
      config::key<&ReferenceSection::timeout>("timeout_ms", "from a call to its answer", {.min = 1, .max = 86'400'000}),
  });
  return schema;
}

struct File {
  ApplicationFile made;
  std::map<std::string, ReferenceSection> references;
};

// The keys of File's parts stand side by side in the text.
template <auto Member>
config::Key context_key(std::string_view name, std::string_view doc, config::Limits limits = {}) {
  config::Key key = config::key<Member>(name, doc, limits);
  key.member = [](void* file) -> void* { return &(static_cast<File*>(file)->made.context.*Member); };
  return key;
}
template <auto Member>
config::Key file_key(std::string_view name, std::string_view doc, config::Limits limits = {}) {
  config::Key key = config::key<Member>(name, doc, limits);
  key.member = [](void* file) -> void* { return &(static_cast<File*>(file)->made.*Member); };
  return key;
}

const config::Schema& config_schema(const File*) {
  static const config::Schema schema = config::schema<File>({
      file_key<&ApplicationFile::application>("application", "which application to run; `sofa serve --help` lists them",
                                              {.min = 1, .required = true}),
      context_key<&ContextConfig::app>("app", "the name that other applications see", {.min = 1, .max = 255}),
      context_key<&ContextConfig::listen>("listen", "where to serve: bolt://host:port (port 0 takes a free one)",
                                          {.max = 64}),
      context_key<&ContextConfig::shards>("shards", "threads that serve connections, one a core",
                                          {.min = 1, .max = 256}),
      context_key<&ContextConfig::worker_threads>("worker_threads", "threads for blocking services",
                                                  {.min = 1, .max = 1024}),
      context_key<&ContextConfig::worker_queue>("worker_queue", "calls that may wait for such a thread",
                                                {.min = 1, .max = 1'000'000}),
      context_key<&ContextConfig::max_connections>("max_connections", "connections that are served; one more is closed",
                                                   {.min = 1, .max = 10'000'000}),
      context_key<&ContextConfig::connections>("connections", "connections that a shard opens to an address it calls",
                                               {.min = 1, .max = 1024}),
      context_key<&ContextConfig::tracing>("tracing", "traces of calls that begin here"),
      context_key<&ContextConfig::services>("services", "by interface: what overrides the code's options"),
      config::key<&File::references>("references", "by interface: where a reference goes"),
      file_key<&ApplicationFile::log>("log", "where the log goes"),
  });
  return schema;
}

ReferenceOptions options_of(const ReferenceSection& section) {
  return {.version = section.version, .unique_id = section.unique_id, .url = section.url, .timeout = section.timeout};
}

// What a schema cannot say: urls that cannot be.
std::vector<config::Problem> check_urls(const ContextConfig& context, std::string_view file) {
  std::vector<config::Problem> problems;
  const auto check = [&](std::string path, std::string_view url) {
    if (auto address = parse_url(url); !address) {
      problems.push_back(
          {config::ConfigError::kWrongType, std::string(file), 0, std::move(path), address.error().message()});
    }
  };
  for (std::size_t i = 0; i < context.listen.size(); ++i) check(fmt::format("listen[{}]", i), context.listen[i]);
  for (const auto& [name, reference] : context.references) {
    if (!reference.url.empty()) check(fmt::format("references.{}.url", name), reference.url);
  }
  return problems;
}

}  // namespace

std::vector<config::Problem> read_application(std::string_view text, std::string_view file, ApplicationFile& into) {
  File read;
  std::vector<config::Problem> problems = config::read(text, file, read);
  for (const auto& [name, section] : read.references) {
    read.made.context.references.insert_or_assign(name, options_of(section));
  }
  if (problems.empty()) problems = check_urls(read.made.context, file);
  if (problems.empty()) into = std::move(read.made);
  return problems;
}

Result<ApplicationFile> load_application(std::string_view text, std::string_view file) {
  ApplicationFile made;
  auto problems = read_application(text, file, made);
  if (!problems.empty()) return fail(config::detail::to_error(problems));
  return made;
}

const config::Schema& application_schema() {
  return config_schema(static_cast<const File*>(nullptr));
}

}  // namespace rpc
}  // namespace sofa
