// Any bytes, as a jar or as a class file: reading ends, what is kept is bounded by what came, no name could end a
// literal of C++, and types that were read name what their descriptor says. A header of it ends too.
#include <cstdlib>

#include "sofa/wire/java/header_writer.h"
#include "sofa/wire/java/library.h"
#include "sofa/wire/java/type.h"

namespace {

using namespace sofa;
using namespace sofa::java;

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t check(const std::vector<Member>& members) {
  std::size_t kept = 0;
  for (const Member& member : members) {
    require(is_harmless(member.name) && is_harmless(member.type) && is_harmless(member.signature));
    kept += member.name.size() + member.type.size() + member.signature.size();
    if (const auto type = parse_type(member.type)) require(!runtime_name(*type).empty());
    (void)parse_method(member.signature);
  }
  return kept;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes(data, size);
  if (const auto file = read_class(bytes)) {
    require(!file->name.empty() && is_harmless(file->name));
    require(check(file->fields) + check(file->methods) <= size * kMostRepeated);
    (void)parse_class(file->signature);
  }
  Library library({.files = 64, .file_bytes = 1u << 16, .inflated_bytes = 1u << 18, .text_bytes = 1u << 20});
  if (!library.add(bytes, Library::Use::kImport)) return 0;
  for (const ClassFile* file : library.imported()) {
    require(library.find(file->name) == file);
    (void)library.ancestors(*file);
    (void)library.subclasses(file->name);
  }
  if (const auto facade = Facade::of(library, {})) (void)write_header(*facade, {.name_space = {}, .source = "x.jar"});
  return 0;
}
