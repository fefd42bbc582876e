// The border between a host and a module that was compiled apart: one exported object, and one note in the file.
//
// A module's file carries a note (SOFA_MODULE_NOTE): abi number, toolchain and manifest, which a host reads before it
// loads anything. Its one exported symbol, `sofa_module`, says how to make the module. What stands behind it are C++
// types of the SDK, so both sides must have the same SDK from the same toolchain: a host refuses any other.
//
// Plain C as far as the border goes. SOFA_MODULE (module.h) and sofa_add_module (CMake) make both; nobody writes them
// by hand.
#pragma once

#include <cstdint>
#include <version>

/// Goes up with each change of what modules and hosts know of one another: of SDK classes with virtual functions, of
/// layouts, of this header.
#define SOFA_MODULE_ABI 2

#define SOFA_TEXT_OF_(x) #x
#define SOFA_TEXT_OF(x) SOFA_TEXT_OF_(x)
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SOFA_TOOLCHAIN_CHECKS " asan"
#elif __has_feature(thread_sanitizer)
#define SOFA_TOOLCHAIN_CHECKS " tsan"
#endif
#endif
#ifndef SOFA_TOOLCHAIN_CHECKS
#define SOFA_TOOLCHAIN_CHECKS ""
#endif
#ifdef SOFA_MUTANTS
#define SOFA_TOOLCHAIN_MUTANTS " mutants"
#else
#define SOFA_TOOLCHAIN_MUTANTS ""
#endif
/// What must be the same on both sides beside the SDK: `clang 19 libstdc++ 12`, and what changes layouts.
#define SOFA_TOOLCHAIN                                                                \
  "clang " SOFA_TEXT_OF(__clang_major__) " libstdc++ " SOFA_TEXT_OF(_GLIBCXX_RELEASE) \
      SOFA_TOOLCHAIN_CHECKS SOFA_TOOLCHAIN_MUTANTS

extern "C" {

struct sofa_module_entry {
  std::uint32_t abi;  // SOFA_MODULE_ABI
  const char* toolchain;
  /// A new sofa::Module, owned by the host, which gives it back to `destroy`; null: what it threw is in `error`.
  void* (*create)(char* error, std::uint64_t error_size);
  void (*destroy)(void* module);
};

/// The one symbol that a module exports.
extern const sofa_module_entry sofa_module;
}

/// Puts the module's note into its file; `manifest` is the path of its module.yaml. At namespace scope of one unit.
#define SOFA_MODULE_NOTE(manifest) \
  __asm__(                                                             \
      ".pushsection .note.sofa,\"aR\",@note\n"                         \
      ".balign 4\n"                                                    \
      ".long 5, 2f - 1f, " SOFA_TEXT_OF(SOFA_MODULE_ABI) "\n"          \
      ".asciz \"sofa\"\n"                                              \
      ".balign 4\n"                                                    \
      "1: .asciz \"" SOFA_TOOLCHAIN "\"\n"                             \
      ".incbin \"" manifest "\"\n"                                     \
      "2: .balign 4\n"                                                 \
      ".popsection\n")
