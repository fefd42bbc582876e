# Compiler settings shared by every target: the language, the warnings, the sanitizers, the linker.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # a part finds what it links, the installed library names it again

set(SOFA_SANITIZE "" CACHE STRING "Sanitizers for the whole build, as for -fsanitize (address,undefined or thread)")
option(SOFA_FUZZ "Build the libFuzzer targets (*_fuzz.cc)" OFF)
option(SOFA_BENCH "Build the benchmarks (*_bench.cc and bench/)" OFF)

# libstdc++ 12 with clang 19; no exceptions are turned off, coroutines need no flag in C++20.
add_compile_options(-Wall -Wextra -Wshadow -Werror -fno-omit-frame-pointer
                    -Wno-undefined-var-template)  # field names come from declared, never defined objects (base/reflect.h)
add_link_options(-fuse-ld=lld)

if(SOFA_SANITIZE)
  add_compile_options(-fsanitize=${SOFA_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SOFA_SANITIZE})
endif()
# Planted bugs (base/mutant.h) exist only where tests run.
if(SOFA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_definitions(SOFA_MUTANTS)
endif()
if(SOFA_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Precompiled headers and a checkout's folder must not spoil cache hits.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang> $<$<COMPILE_LANGUAGE:CXX>:-fno-pch-timestamp>)
endif()
