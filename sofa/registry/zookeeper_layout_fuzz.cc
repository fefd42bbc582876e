// Names of nodes by strangers: they are passed over, or say a provider that is the same after it was published again.
#include <cstdlib>
#include <string_view>

#include "sofa/registry/zookeeper_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sofa::registry;
  const std::string text(reinterpret_cast<const char*>(data), size);
  (void)parse_zookeeper_url(text);
  if (url_decode(url_encode(text)) != text) std::abort();
  const auto unique_id = text.substr(0, text.find('%'));
  for (const std::string_view id : {std::string_view(), std::string_view(unique_id)}) {
    for (const sofa::rpc::Provider& provider : providers_of({text, url_encode(text)}, id)) {
      const auto node = provider_node({{"dev.sofa.bank.EchoService", "1.0", std::string(id)}, provider});
      if (!node) continue;  // longer than its source, which had no uniqueId
      const auto again = providers_of({*node}, id);
      if (again.size() != 1 || again.front().address != provider.address) std::abort();
    }
  }
  return 0;
}
