# shellcheck shell=bash
# Installs what is missing, on Debian 12. Sourced by ./dev.

# What a build needs. The README's table says what each is for.
build_packages=(
  clang-19 lld-19 llvm-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 cmake ninja-build ccache git python3
  libboost1.81-dev libexpected-dev libc-ares-dev libspdlog-dev libfmt-dev libyaml-cpp-dev libsimdjson-dev
  nlohmann-json3-dev libcli11-dev zlib1g-dev libzookeeper-mt-dev libgtest-dev libgmock-dev libbenchmark-dev valgrind strace
)

# What only ./dev docs needs.
docs_packages=(doxygen)

# missing_packages PACKAGE...: those that are not installed, one a line.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | awk '$2 == "installed" {print $1}')
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "${installed:-none}") || true
}

# peer_packages: what tests with the Java and Node peers need and no program on this machine provides already.
peer_packages() {
  command -v javac >/dev/null || echo openjdk-17-jdk-headless
  command -v mvn >/dev/null || echo maven
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
  [ -x /usr/share/zookeeper/bin/zkServer.sh ] || echo zookeeper
}

is_debian_12() { [ -r /etc/os-release ] && (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ]); }

# setup_for build|test|docs
setup_for() {
  local missing=() lines as_root=()
  if command -v dpkg-query >/dev/null; then
    lines=$(missing_packages "${build_packages[@]}")
    [ "$1" != docs ] || lines+=$'\n'$(missing_packages "${docs_packages[@]}")
    [ "$1" != test ] || lines+=$'\n'$(peer_packages)
    mapfile -t missing < <(grep . <<<"$lines" || true)
    [ ${#missing[@]} -gt 0 ] || return 0
  else
    missing=(clang++-19 cmake ninja)
    command -v clang++-19 cmake ninja >/dev/null && return 0
  fi
  if ! is_debian_12; then
    printf 'dev: missing here: %s\nThis is not Debian 12, so nothing is installed for you: install the equivalents of these packages by hand:\n  %s\n' \
      "${missing[*]}" "${build_packages[*]} openjdk-17-jdk-headless maven nodejs npm zookeeper" >&2
    exit 2
  fi
  printf '== installing %d packages that are missing: %s\n' "${#missing[@]}" "${missing[*]}" >&2
  if [ -n "${SOFA_NO_INSTALL:-}" ]; then
    echo "dev: SOFA_NO_INSTALL is set: install them with apt-get install --no-install-recommends" >&2
    exit 2
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "dev: not root and no sudo: run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 2
    }
    as_root=(sudo)
    [ -t 0 ] || as_root+=(-n)
  fi
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
  "${as_root[@]}" update </dev/null >&2
  "${as_root[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >&2
}
