#include "sofa/cli/live_view.h"

#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sofa/cli/duration.h"

namespace sofa::cli {
namespace {

std::chrono::nanoseconds nanoseconds(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

std::uint64_t resident_bytes() {
  unsigned long long all = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%llu %llu", &all, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessUse process_use() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return {nanoseconds(use.ru_utime) + nanoseconds(use.ru_stime), resident_bytes()};
}

Sample sample(Context& context) {
  return {context.env().clock.now(), context.figures(), process_use()};
}

std::string describe(const Sample& before, const Sample& now) {
  const double seconds = std::max(std::chrono::duration<double>(now.at - before.at).count(), 1e-3);
  const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
    return grouped(static_cast<std::uint64_t>(std::llround(static_cast<double>(to - from) / seconds)));
  };
  const double cpu = std::chrono::duration<double>(now.process.cpu - before.process.cpu).count() / seconds;
  return fmt::format("{} connections · {} calls/s · {} errors/s · {} in flight · {:.0f} % CPU · {:.1f} MB",
                     grouped(now.server.connections), rate(before.server.requests, now.server.requests),
                     rate(before.server.errors, now.server.errors), grouped(now.server.in_flight), cpu * 100,
                     static_cast<double>(now.process.resident_bytes) / (1 << 20));
}

}  // namespace sofa::cli
