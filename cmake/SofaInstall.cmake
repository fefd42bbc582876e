# cmake --install build/release --prefix P: the binary with its shell completion, and the SDK, which is the public headers
# (public_headers.txt), libsofa.a and what find_package(sofa) reads. `./dev package` makes a Debian package of the same.
if(SOFA_SANITIZE OR SOFA_FUZZ)
  return()  # for tests only
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# All parts as one archive: a user links one thing, and the linker takes from it what is used.
get_property(parts GLOBAL PROPERTY SOFA_PARTS)
get_property(libs GLOBAL PROPERTY SOFA_LIBS)
get_property(private_libs GLOBAL PROPERTY SOFA_PRIVATE_LIBS)
list(REMOVE_DUPLICATES libs)
list(REMOVE_DUPLICATES private_libs)
list(TRANSFORM parts REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
add_library(sofa_sdk STATIC ${objects})
set_target_properties(sofa_sdk PROPERTIES OUTPUT_NAME sofa EXPORT_NAME sofa LINKER_LANGUAGE CXX)
target_link_libraries(sofa_sdk PUBLIC ${libs} PRIVATE ${private_libs})
target_compile_features(sofa_sdk INTERFACE cxx_std_20)
# A program that finds its peers without ZooKeeper does not load its client.
target_link_options(sofa_sdk INTERFACE LINKER:--as-needed)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sofa)
install(TARGETS sofa RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sofa_sdk EXPORT sofa ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION include)
install(EXPORT sofa NAMESPACE sofa:: FILE sofaTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/sofaConfig.cmake.in ${CMAKE_BINARY_DIR}/sofaConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/sofaConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/sofaConfig.cmake ${CMAKE_BINARY_DIR}/sofaConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/CompilerHealth.cmake ${CMAKE_CURRENT_LIST_DIR}/SofaModule.cmake
              ${CMAKE_CURRENT_LIST_DIR}/CheckModule.cmake DESTINATION ${package_dir})
install(DIRECTORY ${CMAKE_CURRENT_LIST_DIR}/compiler_health DESTINATION ${package_dir})
install(CODE "set(SOFA_SOURCE_DIR ${CMAKE_SOURCE_DIR})
set(SOFA_BINARY $<TARGET_FILE:sofa>)
set(SOFA_LIBRARY ${CMAKE_INSTALL_LIBDIR}/libsofa.a)
set(SOFA_STRIP ${CMAKE_STRIP})")
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/InstallHeaders.cmake)
install(SCRIPT ${CMAKE_CURRENT_LIST_DIR}/InstallMade.cmake)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

include(SofaPackage)
