// Scrapes by strangers: whatever they say, it is refused or read within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sofa/observe/prometheus_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto samples = sofa::observe::parse_prometheus(text);
  if (!samples) return 0;
  for (const auto& sample : *samples) {
    if (sample.name.empty() || sample.labels.size() > sofa::observe::kMostLabels) std::abort();
  }
  return 0;
}
