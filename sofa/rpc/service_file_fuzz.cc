// Services files by strangers: whatever they say, it is refused or comes back the same after it was written.
#include <cstdlib>
#include <string_view>

#include "sofa/rpc/sources.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto services = sofa::rpc::parse_service_file(text, "fuzz.yaml");
  if (!services) return 0;
  const auto again = sofa::rpc::parse_service_file(sofa::rpc::print_service_file(*services), "fuzz.json");
  if (!again || *again != *services) std::abort();
  return 0;
}
