// What a call's context says at the ends and in the middle of chains of C++ and Java programs.
#pragma once

#include <functional>
#include <string>

namespace interop {

using Check = std::function<void(const std::string& name, bool right, const std::string& got)>;

struct ContextChecks {
  std::string java;            // HOST:PORT of the Java peer
  bool custom_headers = true;  // the peer's SOFARPC has RpcInvokeContext.addCustomHeader
};
/// Calls C++ → Java → C++, C++ → C++ → Java → C++ and Java → C++ → Java, with a C++ server of its own.
void check_context(const ContextChecks& with, const Check& check);

}  // namespace interop
