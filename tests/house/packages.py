"""What CMake asks for is what ./dev installs, and what ./dev installs stands in the README's table."""
import re

from tree import files, read

# CMake's name -> Debian's packages.
DEBIAN = {
    "Boost": ["libboost1.81-dev"], "tl-expected": ["libexpected-dev"], "c-ares": ["libc-ares-dev"], "libcares": ["libc-ares-dev"],
    "spdlog": ["libspdlog-dev"], "fmt": ["libfmt-dev"], "yaml-cpp": ["libyaml-cpp-dev"], "simdjson": ["libsimdjson-dev"],
    "nlohmann_json": ["nlohmann-json3-dev"], "CLI11": ["libcli11-dev"], "ZLIB": ["zlib1g-dev"], "Threads": [],
    "GTest": ["libgtest-dev", "libgmock-dev"], "benchmark": ["libbenchmark-dev"], "OpenSSL": ["libssl-dev"], "Python3": ["python3"],
    "cares": ["libc-ares-dev"], "zookeeper_mt": ["libzookeeper-mt-dev"],
}
ASKS = re.compile(r"^\s*(?:find_package|find_dependency|find_library|pkg_check_modules)\(([^)]*)\)", re.MULTILINE)


def asked_for(text):
    for arguments in ASKS.findall(text):
        words = [word for word in arguments.split() if word not in ("REQUIRED", "QUIET", "IMPORTED_TARGET", "CONFIG")]
        yield words[0] if words[0] in DEBIAN or len(words) == 1 else words[1]


def installed_by(setup):
    return set(re.search(r"build_packages=\((.*?)\)", setup, re.DOTALL).group(1).split())


def violations(cmake_texts, setup, readme):
    found, installed = [], installed_by(setup)
    for path, text in cmake_texts.items():
        for name in asked_for(text):
            if name not in DEBIAN:
                found.append(f"{path}: asks for {name}: say in tests/house/packages.py which package that is")
            found += [f"{path}: asks for {name}: tools/setup.sh must install {package}"
                      for package in DEBIAN.get(name, []) if package not in installed]
    wanted = installed | set(re.findall(r"\|\| echo ([\w.-]+)", setup))
    return found + [f"README.md: no row for the package {name}" for name in sorted(wanted) if f"`{name}`" not in readme]


def not_in_package(config, package):
    """What find_package(sofa) asks for must come with the Debian package of sofa."""
    depends = re.search(r'PACKAGE_DEPENDS\s+"([^"]*)"', package).group(1).split(", ")
    return [f"cmake/SofaPackage.cmake: depends on no {debian}, which sofaConfig.cmake asks for"
            for name in asked_for(config) for debian in DEBIAN.get(name, []) if debian not in depends]


def check():
    cmake = {path: read(path) for path in files() if path.endswith(("CMakeLists.txt", ".cmake", "sofaConfig.cmake.in"))
             and not path.startswith("examples/standalone/")}
    return violations(cmake, read("tools/setup.sh"), read("README.md")) + \
        not_in_package(cmake["cmake/sofaConfig.cmake.in"], cmake["cmake/SofaPackage.cmake"])


def self_test():
    def planted(cmake, setup="build_packages=(\n  zlib1g-dev\n)", readme="`zlib1g-dev`"):
        return violations({"CMakeLists.txt": cmake}, setup, readme)

    missed = []
    if planted("find_package(ZLIB REQUIRED)"):
        missed.append("wrongly found: ZLIB")
    if not planted("find_package(OpenSSL 3 REQUIRED)"):
        missed.append("not found: a package that is not installed")
    if not planted("pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)"):
        missed.append("not found: a package that is asked for by pkg-config")
    if not planted("find_library(A_LIBRARY zookeeper_mt REQUIRED)"):
        missed.append("not found: a package that is asked for by its library")
    if not planted("find_package(Unheard)"):
        missed.append("not found: an unknown package")
    if not planted("", setup="build_packages=(zlib1g-dev strace)"):
        missed.append("not found: a package without a row")
    if not_in_package("find_dependency(fmt)", 'set(X_PACKAGE_DEPENDS "libfmt-dev, zlib1g-dev")') or \
       not not_in_package("find_dependency(fmt)", 'set(X_PACKAGE_DEPENDS "zlib1g-dev")'):
        missed.append("not found: a package that the Debian package does not bring")
    return missed
