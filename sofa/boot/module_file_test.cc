#include "sofa/boot/module_file.h"

#include <cstring>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/boot/abi.h"
#include "sofa/boot/error.h"

namespace sofa::boot {
namespace {

using testing::HasSubstr;

template <class T>
void append(Bytes& to, const T& value) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof(T));
}

Bytes note(const std::string& name, std::uint32_t type, const std::string& text) {
  Bytes bytes;
  append(bytes, Elf64_Nhdr{static_cast<Elf64_Word>(name.size() + 1), static_cast<Elf64_Word>(text.size()), type});
  for (const std::string& part : {name + '\0', text}) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  }
  return bytes;
}

/// A shared object of nothing but notes.
Bytes object(const Bytes& notes) {
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_type = ET_DYN;
  head.e_phoff = sizeof(head);
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_NOTE;
  segment.p_offset = sizeof(head) + sizeof(segment);
  segment.p_filesz = notes.size();
  Bytes bytes;
  append(bytes, head);
  append(bytes, segment);
  bytes.insert(bytes.end(), notes.begin(), notes.end());
  return bytes;
}

Bytes both(const Bytes& first, const Bytes& second) {
  Bytes bytes = first;
  bytes.insert(bytes.end(), second.begin(), second.end());
  return bytes;
}

const std::string kText = SOFA_TOOLCHAIN + std::string(1, '\0') + "name: x\n";

TEST(ModuleFile, IsFoundAmongOtherNotes) {
  const ModuleNote read =
      read_module_note(object(both(note("GNU", 3, "build-id"), note("sofa", SOFA_MODULE_ABI, kText))), "x.so").value();
  EXPECT_EQ(read.abi, unsigned{SOFA_MODULE_ABI});
  EXPECT_EQ(read.toolchain, SOFA_TOOLCHAIN);
  EXPECT_EQ(read.manifest, "name: x\n");
  EXPECT_TRUE(check_compatible(read, "x.so"));
}

TEST(ModuleFile, IsRefusedCutOffAtEveryByte) {
  const Bytes whole = object(note("sofa", SOFA_MODULE_ABI, kText));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_module_note(BytesView(whole).first(size), "x.so");
    ASSERT_FALSE(read) << size;
    EXPECT_TRUE(read.error().is(BootError::kFile));
  }
}

TEST(ModuleFile, OfAnotherAbiOrToolchainSaysWhatToRebuild) {
  EXPECT_THAT(check_compatible({.abi = 0, .toolchain = SOFA_TOOLCHAIN, .manifest = {}}, "x.so").error().message(),
              HasSubstr("x.so was built for module abi 0, this host has"));
  EXPECT_THAT(
      check_compatible({.abi = SOFA_MODULE_ABI, .toolchain = "g++ 12", .manifest = {}}, "x.so").error().message(),
      HasSubstr("x.so was built with 'g++ 12'"));
}

TEST(ModuleFile, WithoutANoteIsNoModule) {
  EXPECT_THAT(read_module_note(object(note("GNU", 3, "build-id")), "x.so").error().message(),
              HasSubstr("sofa_add_module"));
}

}  // namespace
}  // namespace sofa::boot
