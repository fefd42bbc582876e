#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sofa/io/posix/parts.h"

namespace sofa::io::posix {
namespace {

/// Lines of a file of /proc.
template <class Visit>
void for_each_line(const std::string& path, Visit visit) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return;
  char* line = nullptr;
  std::size_t capacity = 0;
  while (getline(&line, &capacity, file) > 0) visit(std::string_view(line));
  std::free(line);
  std::fclose(file);
}

Code::Range range_of(std::string_view line) {
  Code::Range range;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), range.begin, 16);
  std::from_chars(end + 1, line.data() + line.size(), range.end, 16);
  return range;
}

/// Where the thread's stack ends that it uses now, and where it stands; empty while it runs.
Code::Range stack_of(pid_t thread) {
  Code::Range stack;
  for_each_line(fmt::format("/proc/self/task/{}/syscall", thread), [&](std::string_view line) {
    // number, six arguments, stack pointer, program counter
    std::size_t at = line.rfind(" 0x");
    if (at == std::string_view::npos || at == 0) return;
    at = line.rfind(" 0x", at - 1);
    if (at == std::string_view::npos) return;
    std::from_chars(line.data() + at + 3, line.data() + line.size(), stack.begin, 16);
  });
  if (stack.begin == 0) return {};
  for_each_line("/proc/self/maps", [&](std::string_view line) {
    const Code::Range mapping = range_of(line);
    if (mapping.has(stack.begin)) stack.end = mapping.end;
  });
  return stack;
}

bool points_into(Code::Range stack, std::span<const Code::Range> ranges) {
  constexpr std::size_t kMostBytes = 1 << 20;
  std::vector<std::uintptr_t> words(std::min(stack.end - stack.begin, kMostBytes) / sizeof(std::uintptr_t));
  // Through the kernel: the thread may end meanwhile, and its stack go.
  iovec to{words.data(), words.size() * sizeof(std::uintptr_t)};
  iovec from{reinterpret_cast<void*>(stack.begin), to.iov_len};
  const ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
  if (got <= 0) return false;
  words.resize(static_cast<std::size_t>(got) / sizeof(std::uintptr_t));
  return std::ranges::any_of(words, [&](std::uintptr_t word) {
    return std::ranges::any_of(ranges, [&](const Code::Range& range) { return range.has(word); });
  });
}

std::string name_of(pid_t thread) {
  std::string name;
  for_each_line(fmt::format("/proc/self/task/{}/comm", thread), [&](std::string_view line) { name = line; });
  while (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

std::set<pid_t> all_threads() {
  std::set<pid_t> threads;
  DIR* tasks = opendir("/proc/self/task");
  while (const dirent* entry = tasks ? readdir(tasks) : nullptr) threads.insert(std::atoi(entry->d_name));
  if (tasks) closedir(tasks);
  threads.erase(0);  // `.` and `..`
  return threads;
}

/// The ids of the threads that the environment started itself.
struct OwnThreads {
  std::mutex mutex;
  std::set<pid_t> ids;
};
OwnThreads& own_threads() {
  static OwnThreads threads;
  return threads;
}

class SharedObjects final : public Code {
 public:
  Result<std::string> keep(const std::string& path, const std::string& name) override {
    SOFA_TRY(const std::string folder, own_folder());
    const std::string kept = fmt::format("{}/{}-{}.so", folder, name, next_.fetch_add(1));
    const int from = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (from < 0) return system_failure("opening " + path, errno);
    const int to = open(kept.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const Result<void> copied = to < 0 ? system_failure("creating " + kept, errno) : copy(from, to, path);
    close(from);
    if (to >= 0) close(to);
    if (!copied) return fail(copied.error());
    return kept;
  }

  Result<void*> load(const std::string& kept) override {
    std::set<pid_t> older = all_threads();
    void* library = dlopen(kept.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return fail(IoError::kSystem, "{}", dlerror());
    const std::lock_guard lock(mutex_);
    older_threads_[base_of(library)] = std::move(older);
    return library;
  }
  void* symbol(void* library, const char* name) override { return dlsym(library, name); }
  void unload(void* library) override {
    {
      const std::lock_guard lock(mutex_);
      older_threads_.erase(base_of(library));
    }
    dlclose(library);
  }
  void drop(const std::string& kept) override {
    unlink(kept.c_str());
    const std::lock_guard lock(mutex_);
    if (!folder_.empty() && rmdir(folder_.c_str()) == 0) folder_.clear();  // it was the last one
  }

  std::vector<Range> mapped(const std::string& kept) override {
    std::vector<Range> ranges;
    for_each_line("/proc/self/maps", [&](std::string_view line) {
      if (line.find(kept) != std::string_view::npos) ranges.push_back(range_of(line));
    });
    return ranges;
  }

  std::vector<std::string> threads_in(std::span<const Range> ranges) override {
    std::vector<std::string> names;
    const std::set<pid_t> older = ranges.empty() ? std::set<pid_t>() : older_than(ranges.front().begin);
    for (const pid_t thread : all_threads()) {
      if (thread == getpid() || thread == gettid() || is_own(thread)) continue;
      const bool is_older = older.contains(thread);
      const Range stack = is_older ? stack_of(thread) : stack_at_rest(thread);
      if (stack.end != 0 && points_into(stack, ranges)) {
        names.push_back(fmt::format("{} ({})", name_of(thread), thread));
      } else if (stack.end == 0 && !is_older && !name_of(thread).empty()) {
        // Nobody can look at the stack of one that never rests; it may well be the library's.
        names.push_back(fmt::format("{} ({}), which never rests", name_of(thread), thread));
      }
    }
    return names;
  }

 private:
  static std::uintptr_t base_of(void* library) {
    const link_map* map = nullptr;
    return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map->l_addr : 0;
  }
  std::set<pid_t> older_than(std::uintptr_t base) {
    const std::lock_guard lock(mutex_);
    return older_threads_[base];
  }
  /// Waits for it to rest, for some milliseconds.
  static Range stack_at_rest(pid_t thread) {
    constexpr int kTries = 50;
    for (int i = 0; i < kTries; ++i) {
      if (const Range stack = stack_of(thread); stack.end != 0) return stack;
      usleep(1000);
    }
    return {};
  }
  static bool is_own(pid_t thread) {
    const std::lock_guard lock(own_threads().mutex);
    return own_threads().ids.contains(thread);
  }

  Result<std::string> own_folder() {
    const std::lock_guard lock(mutex_);
    if (!folder_.empty()) return folder_;
    const char* temporary = std::getenv("TMPDIR");
    std::string pattern = fmt::format("{}/sofa-modules-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(pattern.data())) return system_failure("making a folder like " + pattern, errno);
    return folder_ = std::move(pattern);
  }

  static Result<void> copy(int from, int to, const std::string& path) {
    for (;;) {
      const ssize_t copied = copy_file_range(from, nullptr, to, nullptr, 64 << 20, 0);
      if (copied == 0) return {};
      if (copied < 0 && errno == EINTR) continue;
      if (copied < 0) return copy_by_hand(from, to, path);  // not between these file systems
    }
  }
  static Result<void> copy_by_hand(int from, int to, const std::string& path) {
    std::vector<char> buffer(1 << 20);
    for (;;) {
      const ssize_t got = read(from, buffer.data(), buffer.size());
      if (got == 0) return {};
      if (got < 0) return system_failure("reading " + path, errno);
      for (ssize_t done = 0; done < got;) {
        const ssize_t written = write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
        if (written < 0) return system_failure("copying " + path, errno);
        done += written;
      }
    }
  }

  std::mutex mutex_;
  std::string folder_;
  std::map<std::uintptr_t, std::set<pid_t>> older_threads_;  // than a library, by its address
  std::atomic<unsigned> next_{1};
};

}  // namespace

OwnThread::OwnThread() {
  const std::lock_guard lock(own_threads().mutex);
  own_threads().ids.insert(gettid());
}
OwnThread::~OwnThread() {
  const std::lock_guard lock(own_threads().mutex);
  own_threads().ids.erase(gettid());
}

std::unique_ptr<Code> make_code() {
  return std::make_unique<SharedObjects>();
}

}  // namespace sofa::io::posix
