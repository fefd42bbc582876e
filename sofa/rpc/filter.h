// Filter: code around every call of a reference or a service, for what all of them need: checks, quotas, audit, marks.
//
//   class Audit final : public rpc::Filter {
//     sofa::Task<void> invoke(rpc::Invocation& call, rpc::Next next) override {
//       if (forbidden(call.context.peer())) return fail(rpc::Code::kServerFilter, "{} may not call", …);
//       return next(call);                            // costs nothing: no frame, no allocation
//     }                                               // or a coroutine: co_await next(call); then what comes after
//   };
//   rpc::register_filter({.name = "audit", .side = rpc::Side::kProvider, .order = 100,
//                         .make = [] { return std::make_shared<Audit>(); }});          // at start-up
//
// A filter calls `next` once, or fails with an Error: that is what the caller gets (SOFARPC's types 170 and 270). It
// may wait before and after. What was answered cannot be taken back: behind `next` a provider's filter sees how the
// call ended, and may turn what was thrown into something else, but not a value. Calls within a process pass no
// filters. Which filters run, in the order of their numbers: all that are `automatic`, and those that `filters` of the
// reference or service names; "-name" leaves one out, "-*" all automatic ones. A reference or service without filters
// pays nothing. Threads: filters are shared by all shards.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/io/task.h"
#include "sofa/rpc/method.h"

namespace sofa::rpc {

struct CallOptions;

enum class Side : std::uint8_t { kConsumer, kProvider };

/// One call on its way through the filters of a side.
struct Invocation {
  Side side;
  std::string_view service;  // `interface:version[:uniqueId]`
  const Method& method;
  CallContext& context;
  /// A consumer's: this call's own, which a filter may change before `next`. Null on the provider's side.
  CallOptions* options = nullptr;
};

class FilterChain;

/// The rest of the way.
class Next {
 public:
  /// Where the way ends: sends the call, or serves it.
  using End = Task<void> (*)(void* state, Invocation& call);
  Next(const FilterChain& chain, std::size_t at, End end, void* state)
      : chain_(&chain), at_(at), end_(end), state_(state) {}
  Task<void> operator()(Invocation& call) const;

 private:
  const FilterChain* chain_;
  std::size_t at_;
  End end_;
  void* state_;
};

class Filter {
 public:
  virtual ~Filter() = default;
  virtual Task<void> invoke(Invocation& call, Next next) = 0;
};

/// The filters of one reference or service. Immutable.
class FilterChain {
 public:
  explicit FilterChain(std::vector<std::shared_ptr<Filter>> filters) : filters_(std::move(filters)) {}
  Task<void> run(Invocation& call, Next::End end, void* state) const { return Next(*this, 0, end, state)(call); }
  std::size_t size() const { return filters_.size(); }

 private:
  friend class Next;
  const std::vector<std::shared_ptr<Filter>> filters_;
};

inline Task<void> Next::operator()(Invocation& call) const {
  if (at_ == chain_->filters_.size()) return end_(state_, call);
  return chain_->filters_[at_]->invoke(call, Next(*chain_, at_ + 1, end_, state_));
}

struct FilterEntry {
  std::string name;
  Side side = Side::kConsumer;
  /// Lower ones see a call first. The family's own stand between -20000 and -10000.
  int order = 0;
  /// Runs unless it is left out.
  bool automatic = false;
  std::function<std::shared_ptr<Filter>()> make;
};
/// Any thread; for references and services that are made after it. The last registration of a name and side stands.
void register_filter(FilterEntry entry);

/// The filters that `names` asks for; null where there are none. Code::kClientFilter or kServerFilter for a name that
/// is not registered. The family's built-in names (consumerTracer, providerException, …) are known and do nothing here.
Result<std::shared_ptr<const FilterChain>> make_filters(Side side, std::span<const std::string> names);

}  // namespace sofa::rpc
