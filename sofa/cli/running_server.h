// A `sofa serve` of the bank as a child process, for this folder's tests.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace sofa::cli {

class RunningServer {
 public:
  /// Starts it on a free port and waits until it is READY. `file` is one of examples/bank.
  explicit RunningServer(const std::vector<std::string>& arguments = {}, const std::string& file = "bank.yaml");
  /// Kills it where `stop` was not called.
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  pid_t pid() const { return pid_; }
  /// host:port of its admin endpoint, empty where it has none.
  const std::string& admin() const { return admin_; }
  /// bolt://127.0.0.1:port, empty when it did not become ready.
  const std::string& url() const { return url_; }
  /// The line that said READY.
  const std::string& ready_line() const { return ready_line_; }
  /// Sends a signal and waits for the end: the exit code, 128 + signal where one ended it.
  int stop(int signal);

 private:
  pid_t pid_ = -1;
  std::string ready_line_;
  std::string url_;
  std::string admin_;
};

}  // namespace sofa::cli
