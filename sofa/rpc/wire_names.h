// wire_names: what a service and its classes are called on the wire, as text for a test to hold on to.
//
//   EXPECT_EQ(rpc::wire_names<AccountService, TransferRequest, Leg>(), read("wire_names.txt"));
//
// Names are made from C++ names by rule, so renaming a method or a field here would break peers without a compiler's
// word. Keep the text in a file beside the interface and compare: then a rename is never silent.
#pragma once

#include <string>

#include "sofa/rpc/service.h"
#include "sofa/wire/hessian/codec.h"

namespace sofa::rpc {

/// `dev.sofa.bank.AccountService.getBalance(java.lang.String)`, a line each.
std::string wire_names_of(const Interface& interface);
/// `dev.sofa.bank.Leg {credit, sequence, account, amount}`: the fields in the order of the wire.
std::string wire_names_of(const hessian::ClassInfo& info);

/// Of services and classes, in the order given.
template <class... T>
std::string wire_names() {
  std::string text;
  (
      [&] {
        if constexpr (ServiceInterface<T>) {
          text += wire_names_of(ServiceCode<T>::interface());
        } else {
          text += wire_names_of(hessian::class_info<T>());
        }
      }(),
      ...);
  return text;
}

}  // namespace sofa::rpc
