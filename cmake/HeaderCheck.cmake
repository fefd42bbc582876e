# header_check: compiles every header of the product alone, so that each includes what it uses. Ninja recompiles only what
# changed; tests/house/headers.py builds it.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/sofa/*.h)
set(units)
foreach(header IN LISTS headers)
  string(REPLACE "/" "_" unit ${header})
  set(unit ${CMAKE_BINARY_DIR}/header_check/${unit}.cc)
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND units ${unit})
endforeach()
add_library(header_check OBJECT EXCLUDE_FROM_ALL ${units})
target_include_directories(header_check PRIVATE ${CMAKE_SOURCE_DIR})
# Headers of tests find their data by it, as sofa_part gives it to tests.
target_compile_definitions(header_check PRIVATE SOFA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_compile_options(header_check PRIVATE -O0 -g0 -fno-sanitize=all)
