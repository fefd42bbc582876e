# Refuses a compiler that miscompiles coroutines. Each file of cmake/compiler_health/ is one pattern that some released
# compiler destroys silently; it is compiled and run once per build folder and compiler. A program that exits with 0
# destroyed every object exactly once. Installed too: what is built with sofa needs such a compiler as well.
set(SOFA_COMPILER_HEALTH_FLAGS "" CACHE STRING "Extra flags for the compiler-health programs (a test plants a fault)")
mark_as_advanced(SOFA_COMPILER_HEALTH_FLAGS)

function(sofa_check_compiler_health)
  set(key "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_COMPILER} ${SOFA_COMPILER_HEALTH_FLAGS}")
  if("${SOFA_COMPILER_HEALTHY}" STREQUAL "${key}")
    return()
  endif()
  message(STATUS "Checking that the compiler is fit for coroutines")
  # Own flags, local to this function: the worst case is no optimisation, where a tail call is easily lost.
  set(CMAKE_CXX_FLAGS "-O0 ${SOFA_COMPILER_HEALTH_FLAGS}")
  set(CMAKE_TRY_COMPILE_CONFIGURATION Debug)
  set(CMAKE_CXX_FLAGS_DEBUG "")
  file(GLOB programs ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/compiler_health/*.cc)
  foreach(program IN LISTS programs)
    get_filename_component(name ${program} NAME_WE)
    try_run(exit_code compiled
            ${CMAKE_BINARY_DIR}/compiler_health/${name} ${program}
            CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
            RUN_OUTPUT_VARIABLE said)
    if(NOT compiled)
      string(APPEND failures "  ${name}: does not compile\n")
    elseif(NOT "${exit_code}" STREQUAL "0")
      string(STRIP "${said}" said)
      string(APPEND failures "  ${name}: ${exit_code} ${said}\n")
    endif()
    unset(exit_code CACHE)
    unset(compiled CACHE)
  endforeach()
  if(failures)
    message(FATAL_ERROR
      "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++20 coroutines, so neither sofa nor what uses it can be built with it:\n"
      "${failures}"
      "Each name is a file of cmake/compiler_health/ that says what goes wrong. "
      "Use clang 19 (Debian 12: apt-get install clang-19 lld-19; cmake --preset release picks it, other projects say -DCMAKE_CXX_COMPILER=clang++-19); "
      "docs/adr/002-clang-19-only.md has the reasons.")
  endif()
  set(SOFA_COMPILER_HEALTHY "${key}" CACHE INTERNAL "The compiler that passed cmake/compiler_health")
endfunction()

sofa_check_compiler_health()
