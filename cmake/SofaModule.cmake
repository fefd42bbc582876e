# sofa_add_module(NAME SOURCES source... [MANIFEST module.yaml] [LIBS library...])
#
# A module that sofa loads: one shared object, NAME.so, that exports one symbol and carries its manifest. What it uses of
# sofa is the host's; libraries of its own are to be static, and stay inside. In SOFA_MODULE_DIR when that is set.
# The build fails when it exports more, or when a symbol came in that would keep it in memory for ever.
function(sofa_add_module name)
  cmake_parse_arguments(arg "" "MANIFEST" "SOURCES;LIBS" ${ARGN})
  if(NOT arg_MANIFEST)
    set(arg_MANIFEST module.yaml)
  endif()
  cmake_path(ABSOLUTE_PATH arg_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})

  set(note ${CMAKE_CURRENT_BINARY_DIR}/${name}_note.cc)
  file(CONFIGURE OUTPUT ${note} CONTENT "#include \"sofa/boot/abi.h\"\n\nSOFA_MODULE_NOTE(\"${arg_MANIFEST}\");\n")
  set_source_files_properties(${note} PROPERTIES OBJECT_DEPENDS ${arg_MANIFEST})
  set(exports ${CMAKE_CURRENT_BINARY_DIR}/${name}_exports.txt)
  file(CONFIGURE OUTPUT ${exports} CONTENT "{ global: sofa_module; local: *; };\n")

  add_library(${name} MODULE ${arg_SOURCES} ${note})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                        LINK_DEPENDS ${exports})
  if(SOFA_MODULE_DIR)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${SOFA_MODULE_DIR})
  endif()
  if(TARGET sofa::sofa)  # installed: its headers, and nothing of it to link
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_include_directories(${name} SYSTEM PRIVATE $<TARGET_PROPERTY:sofa::sofa,INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_options(${name} PRIVATE -Wno-undefined-var-template)
  else()
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  endif()
  target_compile_definitions(${name} PRIVATE FMT_SHARED)
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  target_link_options(${name} PRIVATE -fuse-ld=lld LINKER:--version-script=${exports} LINKER:--exclude-libs,ALL
                      LINKER:-Bsymbolic LINKER:-z,now)
  add_custom_command(TARGET ${name} POST_BUILD VERBATIM
                     COMMAND ${CMAKE_COMMAND} -DMODULE=$<TARGET_FILE:${name}> -DNM=${CMAKE_NM}
                             -P ${SOFA_MODULE_CHECK})
endfunction()

set(SOFA_MODULE_CHECK ${CMAKE_CURRENT_LIST_DIR}/CheckModule.cmake CACHE INTERNAL "")
