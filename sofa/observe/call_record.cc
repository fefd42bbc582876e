#include "sofa/observe/call_record.h"

#include <array>

namespace sofa::observe {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {"sync", "future", "callback", "oneway"};

struct OutcomeNames {
  std::string_view name;
  std::string_view code;
};
constexpr std::array<OutcomeNames, kOutcomes> kOutcomeNames = {{{"ok", "00"},
                                                                {"business", "01"},
                                                                {"busy", "02"},
                                                                {"timeout", "03"},
                                                                {"not_found", "02"},
                                                                {"codec", "02"},
                                                                {"network", "02"},
                                                                {"route", "04"},
                                                                {"cancelled", "02"},
                                                                {"failed", "02"}}};

}  // namespace

std::string_view name_of(InvokeType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

InvokeType invoke_type(std::string_view name) {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == name) return static_cast<InvokeType>(i);
  }
  return InvokeType::kSync;
}

std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)].name;
}

std::string_view result_code(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)].code;
}

FinishedCall::FinishedCall(const CallRecord& call) noexcept
    : CallNumbers(call),
      service(call.service),
      name(call.name),
      protocol(call.protocol),
      trace_id(call.trace_id),
      rpc_id(call.rpc_id),
      baggage(call.baggage),
      remote_host(call.remote_host),
      remote_app(call.remote_app),
      local_host(call.local_host),
      route(call.route) {}

}  // namespace sofa::observe
