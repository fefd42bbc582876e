// A subcommand of the one binary. Commands are thin: they read arguments, call a part, print.
//
// Exit codes, the same for all: 0 done, 1 the answer is no (a remote exception, a difference, a refused file), 2 usage,
// 3 transport (nobody answered).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "sofa/base/bytes.h"
#include "sofa/base/error.h"

namespace sofa::cli {

enum Exit : int { kDone = 0, kNo = 1, kUsage = 2, kTransport = 3 };

/// Adds options to its subcommand and gives what to run once they are parsed.
using Setup = std::function<int()> (*)(CLI::App& command);

std::function<int()> setup_call(CLI::App& command);
std::function<int()> setup_bench(CLI::App& command);
std::function<int()> setup_decode(CLI::App& command);
std::function<int()> setup_roundtrip(CLI::App& command);
std::function<int()> setup_config(CLI::App& command);
std::function<int()> setup_serve(CLI::App& command);
std::function<int()> setup_registry(CLI::App& command);
std::function<int()> setup_top(CLI::App& command);
std::function<int()> setup_loglevel(CLI::App& command);
std::function<int()> setup_import(CLI::App& command);
std::function<int()> setup_ctl(CLI::App& command);
std::function<int()> setup_new(CLI::App& command);
std::function<int()> setup_completion(CLI::App& command);

inline constexpr std::uint32_t kMaxInputBytes = 256u << 20;
/// A whole file, or standard input for "-". Error: CliError::kInput, also beyond kMaxInputBytes.
Result<Bytes> read_input(const std::string& path);

/// Prints an answer to standard output: laid out for reading on a terminal, else, and where asked, as it is.
void print_json(std::string_view json, bool as_it_is);

/// Prints `error` to standard error, as JSON where asked, and gives `code` back.
int report(const Error& error, bool json, int code);

enum class CliError { kInput = 1, kUnknownKind, kRefused };
const ErrorPart& error_part(CliError);

}  // namespace sofa::cli
