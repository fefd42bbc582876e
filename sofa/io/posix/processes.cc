#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";

bool is_folder(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool write_text(const std::string& path, std::string_view text) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  return written;
}

std::string read_text(const std::string& path) {
  std::string text;
  char piece[4096];
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  for (ssize_t got; (got = read(file, piece, sizeof(piece))) > 0;) text.append(piece, static_cast<std::size_t>(got));
  close(file);
  return text;
}

/// The number after `key` at the beginning of a line.
std::uint64_t number_of(std::string_view text, std::string_view key) {
  for (std::size_t at = 0; (at = text.find(key, at)) != text.npos; at += key.size()) {
    if (at > 0 && text[at - 1] != '\n') continue;
    return std::strtoull(text.data() + at + key.size(), nullptr, 10);
  }
  return 0;
}

/// A control group that was made for one program: of one controller (cgroup v1) or of several (v2).
class ControlGroup {
 public:
  /// Below the group that this process is in; nothing where none may be made there.
  static std::optional<ControlGroup> make(std::string_view controller, const std::string& name) {
    const std::string mount = fmt::format("{}/{}", kRoot, controller);
    const bool is_v2 = !is_folder(mount);
    const std::string root = is_v2 ? std::string(kRoot) : mount;
    std::string parent = root + own_path(is_v2 ? "" : controller);
    if (!is_folder(parent)) parent = root;  // the path is another namespace's
    if (is_v2) write_text(parent + "/cgroup.subtree_control", fmt::format("+{}", controller));
    ControlGroup group(parent + "/" + name);
    if (mkdir(group.folder_.c_str(), 0755) != 0 && errno != EEXIST) return std::nullopt;
    return group;
  }

  bool set(const char* file, std::string_view value) const { return write_text(folder_ + "/" + file, value); }
  std::string read(const char* file) const { return read_text(folder_ + "/" + file); }
  /// What a program writes to in order to enter it.
  int open_door() const { return open((folder_ + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC); }
  void remove() const { rmdir(folder_.c_str()); }

 private:
  explicit ControlGroup(std::string folder) : folder_(std::move(folder)) {}
  static std::string own_path(std::string_view controller) {
    const std::string groups = read_text("/proc/self/cgroup");
    for (std::size_t at = 0; at < groups.size();) {
      const std::size_t end = std::min(groups.find('\n', at), groups.size());
      const std::string_view line(groups.data() + at, end - at);
      at = end + 1;
      const std::size_t first = line.find(':'), second = line.find(':', first + 1);
      if (second == line.npos) continue;
      const std::string names = fmt::format(",{},", line.substr(first + 1, second - first - 1));
      if (names.find(fmt::format(",{},", controller)) != names.npos) return std::string(line.substr(second + 1));
    }
    return {};
  }

  std::string folder_;
};

/// What holds one program to its limits.
struct Held {
  Processes::Limits limits;
  std::vector<ControlGroup> groups;
  bool is_memory_in_group = false;

  /// Whether it was killed for that.
  bool ran_out_of_memory() const {
    for (const ControlGroup& group : groups) {
      if (number_of(group.read("memory.oom_control"), "oom_kill ") > 0) return true;  // v1
      if (number_of(group.read("memory.events"), "oom_kill ") > 0) return true;       // v2
    }
    return false;
  }
};

bool limit_memory(const ControlGroup& group, std::uint64_t bytes) {
  const std::string text = std::to_string(bytes);
  if (group.set("memory.max", text)) return group.set("memory.swap.max", "0") || true;
  if (!group.set("memory.limit_in_bytes", text)) return false;
  group.set("memory.memsw.limit_in_bytes", text);
  return true;
}

bool limit_cpu(const ControlGroup& group, std::uint32_t percent) {
  constexpr int kPeriodUs = 100'000;
  const std::uint64_t quota = std::uint64_t{percent} * kPeriodUs / 100;
  if (group.set("cpu.max", fmt::format("{} {}", quota, kPeriodUs))) return true;
  return group.set("cpu.cfs_period_us", std::to_string(kPeriodUs)) &&
         group.set("cpu.cfs_quota_us", std::to_string(quota));
}

/// What the child does between fork and exec: nothing that allocates or takes a lock, since other threads of this
/// process may have held it.
[[noreturn]] void become(char* const* command, pid_t parent, const std::vector<int>& doors, std::uint64_t data_bytes,
                         int failure) {
  const auto give_up = [&] {
    const int why = errno;
    (void)!write(failure, &why, sizeof(why));
    _exit(127);
  };
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // gone before that was set
  setpgid(0, 0);                        // a terminal's Ctrl-C is the parent's to hand on
  for (const int door : doors) {
    if (write(door, "0", 1) != 1) give_up();
  }
  if (data_bytes > 0) {
    const rlimit limit{data_bytes, data_bytes};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) give_up();
  }
  const int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  if (nothing > STDERR_FILENO) close(nothing);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(command[0], command);
  give_up();
  __builtin_unreachable();
}

class Children final : public Processes {
 public:
  Result<Started> start(const std::vector<std::string>& command, const Limits& limits) override {
    Started started{Id::kNone, {}};
    Held held = hold(limits, started.unlimited);
    std::vector<int> doors;
    for (const ControlGroup& group : held.groups) doors.push_back(group.open_door());
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    int failure[2];
    if (pipe2(failure, O_CLOEXEC) != 0) return system_failure("making a pipe", errno);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
      become(words.data(), parent, doors, held.is_memory_in_group ? 0 : limits.memory_bytes, failure[1]);
    }
    int why = child < 0 ? errno : 0;
    for (const int door : doors) close(door);
    close(failure[1]);
    if (child > 0) (void)!read(failure[0], &why, sizeof(why));  // nothing comes where it became the program
    close(failure[0]);
    if (why != 0) {
      if (child > 0) waitpid(child, nullptr, 0);
      for (const ControlGroup& group : held.groups) group.remove();
      return system_failure("starting " + command.front(), why);
    }
    started.id = Id{child};
    const std::lock_guard lock(mutex_);
    children_.emplace(started.id, Child{std::move(held), {}});
    return started;
  }

  std::optional<std::string> ended(Id id) override {
    const std::lock_guard lock(mutex_);
    const auto child = children_.find(id);
    if (child == children_.end() || !reap(id, child->second, WNOHANG)) return std::nullopt;
    std::string how = std::move(child->second.how);
    children_.erase(child);
    return how;
  }

  void terminate(Id id) override { ::kill(static_cast<pid_t>(id), SIGTERM); }
  void kill(Id id) override {
    const std::lock_guard lock(mutex_);
    const auto child = children_.find(id);
    if (child == children_.end() || !child->second.how.empty()) return;
    ::kill(static_cast<pid_t>(id), SIGKILL);
    reap(id, child->second, 0);
  }

 private:
  struct Child {
    Held held;
    std::string how;  // it ended; empty: it runs
  };
  static bool reap(Id id, Child& child, int how_to_wait) {
    int status = 0;
    if (!child.how.empty()) return true;
    if (waitpid(static_cast<pid_t>(id), &status, how_to_wait) != static_cast<pid_t>(id)) return false;
    child.how = describe(child.held, status);
    for (const ControlGroup& group : child.held.groups) group.remove();
    return true;
  }
  static std::string describe(const Held& held, int status) {
    if (held.ran_out_of_memory()) return fmt::format("it used more than its {} MB", held.limits.memory_bytes >> 20);
    if (WIFEXITED(status)) return fmt::format("it ended with exit code {}", WEXITSTATUS(status));
    return fmt::format("it was ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  }

  /// Makes groups for what is limited; where none may be made, memory is held to by the size of its data instead.
  Held hold(const Limits& limits, std::string& unlimited) {
    Held held{.limits = limits, .groups = {}};
    const std::string name = fmt::format("sofa-{}-{}", getpid(), next_.fetch_add(1));
    if (limits.memory_bytes > 0) {
      if (const auto group = ControlGroup::make("memory", name)) {
        held.groups.push_back(*group);
        held.is_memory_in_group = limit_memory(*group, limits.memory_bytes);
      }
    }
    if (limits.cpu_percent > 0) {
      const auto group = ControlGroup::make("cpu", name);
      if (group) held.groups.push_back(*group);
      if (!group || !limit_cpu(*group, limits.cpu_percent)) {
        unlimited =
            fmt::format("its share of a processor is not limited to {} %: below {} no control group may be made",
                        limits.cpu_percent, kRoot);
      }
    }
    return held;
  }

  std::atomic<unsigned> next_{1};
  std::mutex mutex_;
  std::map<Id, Child> children_;
};

}  // namespace

std::unique_ptr<Processes> make_processes() {
  return std::make_unique<Children>();
}

}  // namespace sofa::io::posix
