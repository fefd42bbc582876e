#include "sofa/boot/module_file.h"

#include <cstring>
#include <optional>

#include <elf.h>
#include <fmt/format.h>

#include "sofa/boot/abi.h"
#include "sofa/boot/error.h"

namespace sofa::boot {
namespace {

constexpr std::size_t kMostSegments = 128;
constexpr std::size_t kMostManifest = 1 << 20;

template <class T>
std::optional<T> read_at(BytesView bytes, std::uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

bool lies_within(BytesView bytes, std::uint64_t offset, std::uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

std::size_t padded(std::size_t size) {
  return (size + 3) & ~std::size_t{3};
}

// The note of ours among those of one segment.
std::optional<ModuleNote> find_note(BytesView notes) {
  while (const auto head = read_at<Elf64_Nhdr>(notes, 0)) {
    const std::size_t name_at = sizeof(Elf64_Nhdr);
    const std::size_t text_at = name_at + padded(head->n_namesz);
    if (!lies_within(notes, text_at, head->n_descsz) || head->n_namesz > text_at) return std::nullopt;
    if (head->n_namesz == sizeof("sofa") && std::memcmp(notes.data() + name_at, "sofa", sizeof("sofa")) == 0) {
      const std::string_view text = as_text(notes.subspan(text_at, head->n_descsz));
      const std::size_t end = text.find('\0');
      if (end == std::string_view::npos || text.size() > kMostManifest) return std::nullopt;
      return ModuleNote{.abi = head->n_type,
                        .toolchain = std::string(text.substr(0, end)),
                        .manifest = std::string(text.substr(end + 1))};
    }
    const std::size_t next = text_at + padded(head->n_descsz);
    if (next > notes.size()) return std::nullopt;
    notes = notes.subspan(next);
  }
  return std::nullopt;
}

}  // namespace

Result<ModuleNote> read_module_note(BytesView bytes, std::string_view file) {
  const auto head = read_at<Elf64_Ehdr>(bytes, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) {
    return fail(BootError::kFile, "{} is no shared object: it does not begin as one", file);
  }
  if (head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_type != ET_DYN) {
    return fail(BootError::kFile, "{} is no 64-bit shared object", file);
  }
  if (head->e_phnum > kMostSegments || head->e_phentsize != sizeof(Elf64_Phdr)) {
    return fail(BootError::kFile, "{} is damaged: its table of segments makes no sense", file);
  }
  // The loader maps all of this without looking whether it is there.
  if (!lies_within(bytes, head->e_shoff, std::uint64_t{head->e_shnum} * head->e_shentsize)) {
    return fail(BootError::kFile, "{} is cut off: it has {} bytes of {}; copy it again", file, bytes.size(),
                head->e_shoff + std::uint64_t{head->e_shnum} * head->e_shentsize);
  }
  std::optional<ModuleNote> note;
  for (std::size_t i = 0; i < head->e_phnum; ++i) {
    const auto segment = read_at<Elf64_Phdr>(bytes, head->e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment || !lies_within(bytes, segment->p_offset, segment->p_filesz)) {
      return fail(BootError::kFile, "{} is cut off: a segment reaches beyond its {} bytes; copy it again", file,
                  bytes.size());
    }
    if (segment->p_type == PT_NOTE && !note) note = find_note(bytes.subspan(segment->p_offset, segment->p_filesz));
  }
  if (!note) {
    return fail(BootError::kFile, "{} is no sofa module: it has no note of one. Build it with sofa_add_module", file);
  }
  return *std::move(note);
}

Result<void> check_compatible(const ModuleNote& note, std::string_view file) {
  if (note.abi != SOFA_MODULE_ABI) {
    return fail(BootError::kIncompatible,
                "{} was built for module abi {}, this host has {}: rebuild the module with the SDK of this sofa ({})",
                file, note.abi, SOFA_MODULE_ABI, SOFA_TOOLCHAIN);
  }
  if (note.toolchain != SOFA_TOOLCHAIN) {
    return fail(BootError::kIncompatible,
                "{} was built with '{}', this host with '{}': rebuild the module with the latter", file, note.toolchain,
                SOFA_TOOLCHAIN);
  }
  return {};
}

}  // namespace sofa::boot
