// Runs the built binary as a script would, for this folder's tests.
#pragma once

#include <string>
#include <vector>

namespace sofa::cli {

struct Ran {
  int exit = -1;  ///< 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// A program, by its path, with `input` as its standard input, to its end.
Ran run_program(const char* path, const std::vector<std::string>& arguments, const std::string& input = {});
/// `sofa ARGUMENTS…` with `input` as its standard input, to its end.
Ran run_sofa(const std::vector<std::string>& arguments, const std::string& input = {});

}  // namespace sofa::cli
