#include "sofa/cli/run_binary.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sofa::cli {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string contents(std::FILE* file) {
  std::rewind(file);
  std::string text;
  char block[65536];
  while (const std::size_t got = std::fread(block, 1, sizeof block, file)) text.append(block, got);
  return text;
}

}  // namespace

Ran run_program(const char* path, const std::vector<std::string>& arguments, const std::string& input) {
  // Files, not pipes: nothing can block however much is said.
  File in(std::tmpfile(), std::fclose), out(std::tmpfile(), std::fclose), err(std::tmpfile(), std::fclose);
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::rewind(in.get());
  std::vector<char*> argv{const_cast<char*>(path)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(fileno(in.get()), 0);
    dup2(fileno(out.get()), 1);
    dup2(fileno(err.get()), 2);
    execv(path, argv.data());
    _exit(127);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), contents(out.get()), contents(err.get())};
}

Ran run_sofa(const std::vector<std::string>& arguments, const std::string& input) {
  return run_program(SOFA_BINARY, arguments, input);
}

}  // namespace sofa::cli
