# ./dev package: one Debian package of all that is installed. The binary's libraries are found by dpkg-shlibdeps; who
# builds with libsofa.a needs their headers as well, so those packages stand here (tests/house/packages.py compares).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sofa)
set(CPACK_PACKAGE_VENDOR sofa)
set(CPACK_PACKAGE_CONTACT "sofa <sofa@packages.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "financial-grade distributed services in C++, with Java SOFARPC's peers")
set(CPACK_PACKAGE_DESCRIPTION
"The binary sofa, which runs, calls, loads and inspects services of the SOFARPC
family over Bolt, and the SDK to write them in C++20: headers, a static library
and a CMake package, to be compiled with clang 19.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};sofa;ALL;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "libboost1.81-dev, libexpected-dev, libfmt-dev, libspdlog-dev, libyaml-cpp-dev, libsimdjson-dev, zlib1g-dev, libc-ares-dev, libzookeeper-mt-dev")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "clang-19, cmake")
include(CPack)
