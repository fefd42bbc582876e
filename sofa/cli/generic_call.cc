#include "sofa/cli/generic_call.h"

#include <cstdio>

#include <fmt/format.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/command.h"
#include "sofa/cli/duration.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/url.h"
#include "sofa/wire/hessian/notation.h"
#include "sofa/wire/hessian/throwable.h"

namespace sofa::cli {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

Result<void> parse_service(const std::string& text, GenericCall& call) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() > 3 || parts[0].empty()) {
    return fail(CliError::kInput, "'{}' is no service: write INTERFACE[:VERSION][:UNIQUEID]", text);
  }
  call.interface = parts[0];
  if (parts.size() > 1 && !parts[1].empty()) call.reference.version = parts[1];
  if (parts.size() > 2) call.reference.unique_id = parts[2];
  return {};
}

Result<void> parse_arguments(const CallText& text, GenericCall& call) {
  if (!text.types.empty()) call.types = split(text.types, ',');
  if (!call.types.empty() && call.types.size() != text.arguments.size()) {
    return fail(CliError::kInput, "{} arguments but {} types: --types names the Java type of every argument",
                text.arguments.size(), call.types.size());
  }
  for (std::size_t i = 0; i < text.arguments.size(); ++i) {
    const std::string& json = text.arguments[i];
    auto value = hessian::value_from_json(json, i < call.types.size() ? call.types[i] : std::string());
    if (!value) {
      return fail(Error(CliError::kInput,
                        fmt::format("cannot use argument {}, {}: arguments are JSON, so a text has quotes: '\"{}\"'",
                                    i + 1, json.substr(0, 80), "alice"))
                      .caused_by(value.error()));
    }
    call.arguments.push_back(std::move(*value));
  }
  return {};
}

Result<void> parse_headers(const CallText& text, GenericCall& call) {
  for (const std::string& header : text.headers) {
    const std::size_t at = header.find('=');
    if (at == std::string::npos || at == 0) {
      return fail(CliError::kInput, "'{}' is no header: write --header KEY=VALUE", header);
    }
    call.options.headers.emplace_back(header.substr(0, at), header.substr(at + 1));
  }
  return {};
}

// RpcErrorType: 100 to 199 is what a server says.
bool said_by_server(const Error& error) {
  return &error.part() == &rpc::error_part(rpc::Code()) && error.code() >= 100 && error.code() < 200 &&
         !error.is(rpc::Code::kNoInvoker);
}

std::string_view advice(const Error& error) {
  if (error.is(rpc::Code::kServerBusy)) return "the server is at its limit of concurrent calls: try again later";
  if (error.is(rpc::Code::kServerClosed)) return "the server is going down: try again, or another server";
  if (said_by_server(error)) {
    return "the server answered: check the service's version and unique id (SERVICE:VERSION:UNIQUEID), the method's "
           "name and, with --types, its parameters' Java types";
  }
  if (error.is(rpc::Code::kClientTimeout) || error.is(io::IoError::kTimeout)) {
    return "no answer came in time: allow more with --deadline, or look at the server";
  }
  return "check that a server listens there, that nothing between drops the connection, and that the port speaks Bolt";
}

int report_thrown(const GenericCall& call, const hessian::Throwable& thrown, bool json) {
  const auto* remote = dynamic_cast<const hessian::RemoteException*>(&thrown);
  if (!json) {
    fmt::print(stderr, "sofa: {} threw {}: {}\n", call.to_string(), thrown.java_class_name(), thrown.message());
    if (!remote) return kNo;
    for (const auto& [name, value] : remote->fields.fields) {
      fmt::print(stderr, "  {}: {}\n", name, hessian::to_json(value, hessian::Notation::kPlain));
    }
    return kNo;
  }
  std::string out = "{\"exception\":{\"class\":";
  append_json_string(out, thrown.java_class_name());
  out += ",\"message\":";
  thrown.detail_message ? append_json_string(out, *thrown.detail_message) : void(out += "null");
  out += ",\"fields\":{";
  if (remote) {
    for (const auto& [name, value] : remote->fields.fields) {
      if (out.back() != '{') out += ',';
      append_json_string(out, name);
      out += ":" + hessian::to_json(value, hessian::Notation::kPlain);
    }
  }
  fmt::print("{}}}}}}}\n", out);
  return kNo;
}

}  // namespace

void CallText::add_to(CLI::App& command, bool echo_by_default) {
  command.add_option("URL", url, "bolt://host:port")->required();
  auto* service_option = command.add_option("SERVICE", service, "INTERFACE[:VERSION][:UNIQUEID]");
  auto* method_option = command.add_option("METHOD", method, "the method's Java name");
  command.add_option("JSON", arguments, "an argument each; an object says its \"$class\"");
  if (echo_by_default) {
    service_option->needs(method_option);
  } else {
    service_option->required();
    method_option->required();
  }
  command.add_option("--types", types, "the arguments' Java types, by comma: long,java.math.BigDecimal");
  command.add_option("--deadline", deadline, "for each call: 250ms, 3s")->capture_default_str();
  command.add_option("--header", headers, "KEY=VALUE for the request's header; may be given again")
      ->allow_extra_args(false);
}

std::string GenericCall::to_string() const {
  const rpc::ServiceKey key{interface, reference.version, reference.unique_id};
  return fmt::format("{}.{} at {}", key.to_string(), method, reference.url);
}

Result<GenericCall> prepare(const CallText& text) {
  GenericCall call;
  SOFA_TRY(const auto address, rpc::parse_url(text.url));
  (void)address;
  call.reference.url = text.url;
  SOFA_TRY(call.reference.timeout, parse_duration(text.deadline));
  if (text.service.empty()) {
    call.interface = "dev.sofa.bank.EchoService";
    call.method = "echo";
    call.arguments.push_back(std::string(100, 'x'));
    call.types.push_back("java.lang.String");
    return call;
  }
  call.method = text.method;
  SOFA_TRY_VOID(parse_service(text.service, call));
  SOFA_TRY_VOID(parse_arguments(text, call));
  SOFA_TRY_VOID(parse_headers(text, call));
  return call;
}

int report_failure(const GenericCall& call, const Error& error, bool json) {
  if (error.thrown()) {
    try {
      std::rethrow_exception(error.thrown());
    } catch (const hessian::Throwable& thrown) {
      return report_thrown(call, thrown, json);
    } catch (...) {
    }
  }
  if (json) {
    report(error, json, kNo);
  } else {
    fmt::print(stderr, "sofa: called {}\n  came back: {}\n  what to do: {}\n", call.to_string(), error.what(),
               advice(error));
  }
  return said_by_server(error) ? kNo : kTransport;
}

}  // namespace sofa::cli
