#include "sofa/cli/running_server.h"

#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sofa::cli {

RunningServer::RunningServer(const std::vector<std::string>& arguments, const std::string& file) {
  std::vector<std::string> all = {"sofa", "serve", SOFA_SOURCE_DIR "/examples/bank/" + file, "--listen",
                                  "bolt://127.0.0.1:0"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int said[2];
  EXPECT_EQ(pipe(said), 0);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(said[1], 1);
    close(said[0]);
    close(said[1]);
    execv(SOFA_BINARY, argv.data());
    _exit(127);
  }
  close(said[1]);
  for (char c; read(said[0], &c, 1) == 1 && c != '\n';) ready_line_ += c;
  close(said[0]);
  const std::size_t url = ready_line_.find("bolt://");
  if (ready_line_.starts_with("READY port=") && url != std::string::npos)
    url_ = ready_line_.substr(url, ready_line_.find(' ', url) - url);
  constexpr std::string_view kAdmin = " admin=http://";
  const std::size_t admin = ready_line_.find(kAdmin);
  if (admin != std::string::npos) admin_ = ready_line_.substr(admin + kAdmin.size());
}

RunningServer::~RunningServer() {
  if (pid_ > 0) stop(SIGKILL);
}

int RunningServer::stop(int signal) {
  kill(pid_, signal);
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace sofa::cli
