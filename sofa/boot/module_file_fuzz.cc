// A module's file before it is loaded: whatever it holds, it is read or refused.
#include <cstddef>
#include <cstdint>

#include "sofa/boot/manifest.h"
#include "sofa/boot/module_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sofa::boot;
  if (const auto note = read_module_note({data, size}, "fuzz.so")) {
    (void)check_compatible(*note, "fuzz.so");
    (void)load_manifest(note->manifest, "module.yaml");
  }
  (void)load_manifest({reinterpret_cast<const char*>(data), size}, "module.yaml");
  return 0;
}
