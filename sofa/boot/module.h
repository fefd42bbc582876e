// Module: a part of an application that is built alone, as a shared object, and put in, exchanged and taken out while
// the process runs.
//
//   class Accounts final : public sofa::Module {
//     sofa::Task<void> start(sofa::ModuleContext& context) override {
//       context.publish<AccountService>(std::make_shared<Ledger>(context.reference<PointService>()));
//       co_return;
//     }
//   };
//   SOFA_MODULE(Accounts)                             // and sofa_add_module(accounts …) in CMake
//
// Life: constructed → start → check (again and again until it passes) → ready → open to callers → … → closed to new
// callers → the calls under way end → stop → destroyed → unloaded. Nothing that the module made may outlive it: tasks
// are spawned in its context, objects that it hands out come back before.
// Threads: construction on a thread of its own; start, check, ready and stop on a shard that serves no connections, so
// they may take their time (but not for ever: each has a deadline). Errors: what they throw says why the module does
// not come up; the host reports it by the module's name.
#pragma once

#include <cstdint>
#include <cstring>
#include <exception>

#include "sofa/boot/abi.h"
#include "sofa/boot/module_context.h"
#include "sofa/io/task.h"

namespace sofa {

class Module {
 public:
  virtual ~Module() = default;
  /// Publishes, refers, opens what it needs. Callers see nothing of it yet.
  virtual Task<void> start(ModuleContext& context) = 0;
  /// Throws while it could not serve; asked after `start` until it passes, and later when somebody asks for its health.
  virtual Task<void> check(ModuleContext&) { return Task<void>::ready(); }
  /// All modules are started and healthy, this one's requirements are ready too: traffic opens next.
  virtual Task<void> ready(ModuleContext&) { return Task<void>::ready(); }
  /// No call is under way any more: ends what it began.
  virtual Task<void> stop(ModuleContext&) { return Task<void>::ready(); }
};

namespace boot {

template <class M>
void* create_module(char* error, std::uint64_t error_size) noexcept {
  try {
    return static_cast<Module*>(new M);
  } catch (const std::exception& thrown) {
    std::strncpy(error, thrown.what(), error_size - 1);
  } catch (...) {
    std::strncpy(error, "something that is no exception", error_size - 1);
  }
  return nullptr;
}
inline void destroy_module(void* module) {
  delete static_cast<Module*>(module);
}

}  // namespace boot
}  // namespace sofa

/// Once in each module, at namespace scope of the global namespace.
#define SOFA_MODULE(Class)                                                    \
  __attribute__((visibility("default"))) const sofa_module_entry sofa_module{ \
      SOFA_MODULE_ABI, SOFA_TOOLCHAIN, &::sofa::boot::create_module<Class>, &::sofa::boot::destroy_module};
