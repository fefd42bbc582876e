// A generic call as `sofa call` and `sofa bench` take it from the command line.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "sofa/base/error.h"
#include "sofa/rpc/context.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::cli {

/// What was typed.
struct CallText {
  std::string url;
  std::string service;  // SERVICE[:VERSION][:UNIQUEID]
  std::string method;
  std::vector<std::string> arguments;  // JSON
  std::string types;                   // a,b
  std::string deadline = "3s";
  std::vector<std::string> headers;  // key=value

  /// URL SERVICE METHOD JSON…; the last three may be left out where `echo_by_default`, and then stand for an echo of
  /// 100 bytes.
  void add_to(CLI::App& command, bool echo_by_default);
};

/// What is called.
struct GenericCall {
  std::string interface;
  ReferenceOptions reference;
  rpc::CallOptions options;
  std::string method;
  std::vector<hessian::Value> arguments;
  std::vector<std::string> types;

  rpc::GenericReference refer(Context& context) const { return context.generic(interface, reference).with(options); }
  /// `dev.sofa.bank.EchoService:1.0.echo at bolt://…`, for messages.
  std::string to_string() const;
};

/// Error: CliError::kInput, or what the JSON reader says of an argument.
Result<GenericCall> prepare(const CallText& text);

/// Prints why no answer came, what was tried and what to do about it, and gives the exit code: kNo where the server
/// itself said no or the service threw, else kTransport.
int report_failure(const GenericCall& call, const Error& error, bool json);

}  // namespace sofa::cli
