// sofa call: one generic call, its answer as JSON.
#include <chrono>
#include <cstdio>

#include <fmt/format.h>

#include "sofa/cli/command.h"
#include "sofa/cli/generic_call.h"
#include "sofa/io/async.h"
#include "sofa/io/posix/env.h"
#include "sofa/wire/hessian/notation.h"

namespace sofa::cli {
namespace {

int call(const CallText& text, bool json) {
  auto prepared = prepare(text);
  if (!prepared) return report(prepared.error(), json, kUsage);
  try {
    Context context(io::posix::env(), {.app = "sofa-cli"});
    // The call keeps its own deadline; the margin is for a loop that could not run.
    const io::Duration patience = prepared->reference.timeout + std::chrono::seconds(2);
    const auto answer =
        sofa::wait(context.shards(),
                   prepared->refer(context).invoke(prepared->method, prepared->arguments, prepared->types), patience);
    if (!answer) return report_failure(*prepared, answer.error(), json);
    print_json(hessian::to_json(*answer, hessian::Notation::kPlain), json);
    return kDone;
  } catch (const Error& error) {
    return report(error, json, kUsage);
  }
}

}  // namespace

std::function<int()> setup_call(CLI::App& command) {
  command.footer(
      "Exit codes: 0 answered, 1 the service threw or the server refused, 2 usage, 3 nobody answered.\n\nExamples:\n"
      "  sofa call bolt://127.0.0.1:12200 dev.sofa.bank.AccountService getBalance '\"alice\"'\n"
      "  sofa call bolt://127.0.0.1:12200 dev.sofa.bank.AccountService withdraw '\"alice\"' '\"12.34\"' \\\n"
      "      --types java.lang.String,java.math.BigDecimal\n"
      "  sofa call bolt://127.0.0.1:12200 dev.sofa.bank.AccountService transfer \\\n"
      "      '{\"$class\":\"dev.sofa.bank.TransferRequest\",\"txId\":\"t1\",\"fromAccount\":\"alice\",\n"
      "        \"toAccount\":\"bob\",\"amount\":{\"$decimal\":\"5.00\"}}'\n"
      "  sofa call bolt://10.0.0.7:12200 com.example.Quotes:2.0:gold latest '\"USD\"' --deadline 500ms --json");
  struct Options {
    CallText text;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  options->text.add_to(command, false);
  command.add_flag("--json", options->json, "one line; exceptions and errors as JSON too");
  return [options] { return call(options->text, options->json); };
}

}  // namespace sofa::cli
