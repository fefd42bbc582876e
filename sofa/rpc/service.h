// SOFA_SERVICE: makes a C++ interface a service that this process can publish and refer to.
//
//   class AccountService {
//    public:
//     virtual ~AccountService() = default;
//     virtual sofa::Task<TransferResult> transfer(TransferRequest request) = 0;
//     virtual sofa::Task<sofa::Decimal> get_balance(std::string account) = 0;
//     virtual sofa::Task<std::string> overload(std::int32_t value) = 0;
//     virtual sofa::Task<std::string> overload(std::string value) = 0;
//   };
//   SOFA_SERVICE(AccountService, "dev.sofa.bank.AccountService", transfer, get_balance,
//                (overload, sofa::Task<std::string>(std::int32_t)), (overload, sofa::Task<std::string>(std::string)))
//
// Written at namespace scope of the global namespace, after the interface. Signatures are deduced; an overloaded method
// stands in parentheses with the signature that is meant. Methods return Task<T> and take their parameters by value.
// snake_case names go over the wire as camelCase; a name that differs is given in the interface:
//   static constexpr std::pair<std::string_view, std::string_view> java_names[] = {{"get_balance", "balance"}};
// The exceptions that callers shall get as their own C++ types are listed there too, as Java's throws clause does:
//   using Throws = sofa::rpc::Throws<InsufficientFunds>;
// So are the methods that do no harm when they are served twice, which may be retried and hedged:
//   static constexpr std::string_view idempotent[] = {"get_balance"};
//
// A service's codecs cost seconds to compile. Where several units use it, SOFA_SERVICE_EXTERN(AccountService) behind
// SOFA_SERVICE and SOFA_SERVICE_CODE(AccountService) in one .cc have them compiled once; of a large service two .cc can
// share the work, one with SOFA_SERVICE_CODE_METHODS(AccountService), one with SOFA_SERVICE_CODE_PROXY(AccountService).
//
// What the macro makes: rpc::Service<AccountService> with the table of methods (for bindings) and a proxy class (for
// references). No state, nothing registered at start-up.
#pragma once

#include <array>
#include <concepts>
#include <coroutine>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "sofa/base/reflect.h"
#include "sofa/io/async.h"
#include "sofa/io/task.h"
#include "sofa/rpc/blocking_call.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/hash_key.h"
#include "sofa/rpc/method.h"
#include "sofa/rpc/remote.h"
#include "sofa/rpc/server_call.h"
#include "sofa/rpc/signature.h"
#include "sofa/rpc/slot.h"
#include "sofa/wire/hessian/codec.h"
#include "sofa/wire/hessian/containers.h"
#include "sofa/wire/hessian/jdk.h"
#include "sofa/wire/hessian/throwable.h"

namespace sofa::rpc {

class FilterChain;
class RelayedRemote;

/// Specialised by SOFA_SERVICE.
template <class S>
struct Service;

/// The exceptions of a service (classes derived from hessian::Exception).
template <class... Exceptions>
struct Throws {
  static const hessian::Registry& registry() {
    static const hessian::Registry made = [] {
      hessian::Registry registry;
      (registry.add<Exceptions>(), ...);
      return registry;
    }();
    return made;
  }
};

/// A class that SOFA_SERVICE was applied to.
template <class S>
concept ServiceInterface = requires { Service<S>::kName; };

/// Where the calls of a reference go: the slot first, then the remote.
struct Route {
  std::shared_ptr<Slot> slot;
  std::shared_ptr<Remote> remote;
  std::string service;  // `interface:version[:uniqueId]`
  std::shared_ptr<const FilterChain> filters = nullptr;
  bool filters_here = false;                               // they see calls to the slot's service too
  std::string caller = {};                                 // the part of the process whose reference it is
  io::Duration wait{0};                                    // for a service that is not there yet
  std::shared_ptr<const RelayedRemote> relayed = nullptr;  // while the slot has a relay
};

/// How a reference calls. Calls under way share it.
struct CallPath {
  std::shared_ptr<const Route> route;
  CallOptions options;
};

/// A call that cannot go straight to its slot's service, awaited in the caller's frame. Through the route's filters it
/// goes where `pin` leads, a service or a relay, or else to the route's remote; where there is neither, it waits for
/// them as long as the route says.
class CallElsewhere {
 public:
  CallElsewhere(const CallPath& path, Slot::Pin pin, const Method& method, void* arguments, void* result)
      : path_(path), pin_(std::move(pin)), method_(method), arguments_(arguments), result_(result) {}
  ~CallElsewhere();
  CallElsewhere(const CallElsewhere&) = delete;
  CallElsewhere& operator=(const CallElsewhere&) = delete;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> caller) {
    return start(caller.promise().context(), caller);
  }
  void await_resume();

 private:
  std::coroutine_handle<> start(CallContext* context, std::coroutine_handle<> caller);
  Task<void> go_by_way();

  const CallPath& path_;
  Slot::Pin pin_;
  const Method& method_;
  void* arguments_;
  void* result_;
  std::variant<std::monostate, RemoteCall, sofa::detail::TaskAwaiter<void>> going_;
};
/// The failure of a call that has nowhere to go.
Error no_provider(const Route& route);
/// What the running handler threw: an Error as it is, anything else as one that carries it.
Error error_of_current_exception();
/// The way back: what an Error carries, or itself.
std::exception_ptr exception_of(const Error& error);

namespace detail {

template <class F>
struct Signature;
template <class R, class... A>
struct Signature<Task<R>(A...)> {
  static_assert((!std::is_reference_v<A> && ...),
                "a service method takes its parameters by value: a reference would dangle when the call suspends");
  using Return = R;
  using Arguments = std::tuple<A...>;
  static constexpr std::string_view java[sizeof...(A) + 1] = {java_signature<A>...};
  static constexpr std::span<const std::string_view> signatures{java, sizeof...(A)};
};

template <class MemberPointer>
struct MemberOf;
template <class C, class F>
struct MemberOf<F C::*> {
  using Function = F;
};
template <auto Member>
using SignatureOf = typename MemberOf<decltype(Member)>::Function;

/// A value of R to decode into, and nothing for void.
template <class R>
struct Holder {
  R value{};
  void* address() { return &value; }
  R take() { return std::move(value); }
};
template <>
struct Holder<void> {
  void* address() { return nullptr; }
  void take() {}
};

template <class R>
void encode_value(hessian::Writer& to, const void* value) {
  if constexpr (std::is_void_v<R>) {
    to.write_null();
  } else {
    hessian::encode(to, *static_cast<const R*>(value));
  }
}

template <class R>
bool decode_value(hessian::Reader& from, void* result) {
  if constexpr (std::is_void_v<R>) {
    from.skip();
    return from.ok();
  } else {
    return hessian::decode(from, *static_cast<R*>(result));
  }
}

template <class Arguments>
void encode_tuple(hessian::Writer& to, const void* arguments) {
  std::apply([&](const auto&... argument) { (hessian::encode(to, argument), ...); },
             *static_cast<const Arguments*>(arguments));
}

template <class R>
void answer_result(Result<R> result, ServerCall& call) {
  if (!result) [[unlikely]]
    return call.answer_exception(exception_of(result.error()));
  if constexpr (std::is_void_v<R>) {
    call.answer(&encode_value<void>, nullptr);
  } else {
    call.answer(&encode_value<R>, &*result);
  }
}

/// Not inlined: serving on the shard and on a pool share it.
template <class R>
[[gnu::noinline]] void answer_ready(Task<R>& task, ServerCall& call) {
  answer_result(std::move(task).take_result(), call);
}

/// Awaits what the handler has to wait for, then answers.
template <class R>
Task<void> answer_later(Task<R> task, ServerCall& call) {
  answer_result(co_await as_result(std::move(task)), call);
}

/// Starts the handler; a plain function has run already, and its mistakes look like a coroutine's.
template <class S, auto Member, class R, class... A>
Task<R> invoke(S& service, std::tuple<A...>& arguments) {
  try {
    return std::apply([&](A&... argument) { return (service.*Member)(std::move(argument)...); }, arguments);
  } catch (...) {
    return Task<R>::failed(error_of_current_exception());
  }
}

/// A blocking service's call: decoded on the shard, run on the worker pool, answered on the shard.
template <class S, auto Member, class R, class... A>
class PooledCall final : public BlockingCall {
 public:
  PooledCall(S& service, std::tuple<A...> arguments, ServerCall& call)
      : BlockingCall(call), service_(service), arguments_(std::move(arguments)) {}

 private:
  void work() override {
    task_.emplace(invoke<S, Member, R>(service_, arguments_));
    start(*task_, &call().context());
  }
  void answer() override { task_->is_ready() ? answer_ready(*task_, call()) : refuse_suspension(); }

  S& service_;
  std::tuple<A...> arguments_;
  std::optional<Task<R>> task_;
};

template <class S, auto Member, class R, class... A>
void serve(void* service, ServerCall& call) {
  std::tuple<A...> arguments;
  hessian::Reader& from = call.arguments();
  bool decoded = std::apply([&](A&... argument) { return (hessian::decode(from, argument) && ...); }, arguments);
  if (!decoded) return call.answer_undecodable();
  S& target = *static_cast<S*>(service);
  if (call.pool()) {
    using Pooled = PooledCall<S, Member, R, A...>;
    return BlockingCall::submit(std::unique_ptr<BlockingCall>(new Pooled(target, std::move(arguments), call)));
  }
  Task<R> task = invoke<S, Member, R>(target, arguments);
  if (task.is_ready()) return answer_ready(task, call);
  call.keep();
  start_detached(answer_later(std::move(task), call), &call.context());
}

template <class S, auto Member, class R, class... A>
Task<void> call_here(void* service, void* arguments, void* result) {
  Task<R> task = invoke<S, Member, R>(*static_cast<S*>(service), *static_cast<std::tuple<A...>*>(arguments));
  if constexpr (std::is_void_v<R>) {
    co_await std::move(task);
  } else {
    *static_cast<R*>(result) = co_await std::move(task);
  }
}

template <class S, auto Member, class R, class... A>
constexpr Method make_method(std::string_view name, int index, bool idempotent, Task<R> (*)(A...)) {
  using Shape = Signature<Task<R>(A...)>;
  return Method{.name = name,
                .signatures = Shape::signatures,
                .index = index,
                .idempotent = idempotent,
                .call_here = &call_here<S, Member, R, A...>,
                .encode_arguments = &encode_tuple<typename Shape::Arguments>,
                .decode_result = &decode_value<R>,
                .hash_key = &hash_key<A...>,
                .serve = &serve<S, Member, R, A...>};
}

template <class S>
constexpr std::string_view renamed(std::string_view name, std::string_view by_rule) {
  if constexpr (requires { S::java_names; }) {
    for (const auto& [cpp, java] : S::java_names) {
      if (cpp == name) return java;
    }
  }
  return by_rule;
}

template <class S>
constexpr bool is_idempotent([[maybe_unused]] std::string_view name) {
  if constexpr (requires { S::idempotent; }) {
    for (const std::string_view each : S::idempotent) {
      if (each == name) return true;
    }
  }
  return false;
}

/// Everything by value: the reference may go while the call runs.
template <class R, class... A>
Task<R> call_elsewhere(std::shared_ptr<const CallPath> path, Slot::Pin pin, const Method& method,
                       std::tuple<A...> arguments) {
  Holder<R> result;
  co_await CallElsewhere(*path, std::move(pin), method, &arguments, result.address());
  co_return result.take();
}

/// Holds the service for as long as its call runs.
template <class R>
Task<R> hold([[maybe_unused]] Slot::Pin pin, Task<R> task) {
  co_return co_await std::move(task);
}

/// What every proxy stands on.
template <class S>
class ProxyBase : public S {
 public:
  explicit ProxyBase(std::shared_ptr<const CallPath> path) : path_(std::move(path)) {}

 protected:
  template <auto Member, class R, class... A>
  Task<R> call(const Method& method, A&&... arguments) {
    const Route& route = *path_->route;
    try {
      Slot::Pin pin = route.slot->acquire(route.caller);
      if (pin && !pin.is_relay() && !route.filters_here) {
        Task<R> task = (static_cast<S*>(pin.service())->*Member)(std::move(arguments)...);
        if (task.is_ready()) return task;
        return hold(std::move(pin), std::move(task));
      }
      if (!pin && !route.remote && route.wait.count() == 0) no_provider(route).raise();
      return call_elsewhere<R>(path_, std::move(pin), method,
                               std::tuple<std::remove_cvref_t<A>...>(std::move(arguments)...));
    } catch (...) {
      return Task<R>::failed(error_of_current_exception());
    }
  }

 private:
  std::shared_ptr<const CallPath> path_;
};

/// The proxy class: one link per method, each overriding its own, over ProxyBase.
template <class S, int I, int N>
struct Chain {
  using type = typename Service<S>::template Link<I, typename Chain<S, I + 1, N>::type,
                                                  SignatureOf<Service<S>::template Row<I>::kMember>>;
};
template <class S, int N>
struct Chain<S, N, N> {
  using type = ProxyBase<S>;
};
template <class S>
using Proxy = typename Chain<S, 0, Service<S>::kCount>::type;

template <class S, class F>
using MemberPointer = F S::*;

template <class S>
inline constexpr auto kMethods = []<int... I>(std::integer_sequence<int, I...>) {
  return std::array<Method, sizeof...(I)>{make_method<S, Service<S>::template Row<I>::kMember>(
      Service<S>::template Row<I>::kName, I, Service<S>::template Row<I>::kIdempotent,
      static_cast<SignatureOf<Service<S>::template Row<I>::kMember>*>(nullptr))...};
}(std::make_integer_sequence<int, Service<S>::kCount>());

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x100000001b3;
}
constexpr std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = mix(hash, static_cast<unsigned char>(c));
  return hash;
}
template <class T>
constexpr std::uint64_t size_of() {
  if constexpr (std::is_void_v<T>) {
    return 0;
  } else {
    return sizeof(T);
  }
}
template <class R, class... A>
constexpr std::uint64_t layout_of(std::uint64_t hash, Task<R> (*)(A...)) {
  hash = mix(hash, std::string_view(__PRETTY_FUNCTION__));
  ((hash = mix(hash, size_of<A>())), ...);
  return mix(hash, size_of<R>());
}
template <class S>
constexpr std::uint64_t layout() {
  std::uint64_t hash = 0xcbf29ce484222325;
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((hash = layout_of(mix(hash, Service<S>::template Row<I>::kName),
                       static_cast<SignatureOf<Service<S>::template Row<I>::kMember>*>(nullptr))),
     ...);
  }(std::make_integer_sequence<int, Service<S>::kCount>());
  return hash;
}

template <class S>
constexpr auto exceptions_of() -> const hessian::Registry& (*)() {
  if constexpr (requires { typename S::Throws; }) {
    return &S::Throws::registry;
  } else {
    return nullptr;
  }
}

}  // namespace detail

/// The table of a service's methods.
template <ServiceInterface S>
inline constexpr Interface kInterface{Service<S>::kName, detail::kMethods<S>, detail::exceptions_of<S>(),
                                      detail::layout<S>()};

/// What of a service is compiled code: codecs, dispatch, proxy. Made in each unit that publishes the service or refers
/// to it; or once, in the unit with SOFA_SERVICE_CODE, where SOFA_SERVICE_EXTERN says so.
template <ServiceInterface S>
struct ServiceCode {
  static const Interface& interface();
  static std::shared_ptr<S> make_proxy(std::shared_ptr<const CallPath> path);
};

template <ServiceInterface S>
const Interface& ServiceCode<S>::interface() {
  return kInterface<S>;
}

template <ServiceInterface S>
std::shared_ptr<S> ServiceCode<S>::make_proxy(std::shared_ptr<const CallPath> path) {
  return std::make_shared<detail::Proxy<S>>(std::move(path));
}

}  // namespace sofa::rpc

#define SOFA_SERVICE(Class, java_name, ...)                               \
  template <>                                                             \
  struct sofa::rpc::Service<Class> {                                      \
    using S = Class;                                                      \
    static constexpr std::string_view kName = java_name;                  \
    static constexpr int kCount = 0 SOFA_EACH_(SOFA_COUNT_, __VA_ARGS__); \
    template <int I>                                                      \
    struct Row;                                                           \
    template <int I, class Next, class F>                                 \
    struct Link;                                                          \
    SOFA_EACH_(SOFA_METHOD_, __VA_ARGS__)                                 \
  };

// Behind SOFA_SERVICE in the header: the service's code is compiled elsewhere, in the one .cc with SOFA_SERVICE_CODE.
// Spares the other units seconds each.
#define SOFA_SERVICE_EXTERN(Class) extern template struct sofa::rpc::ServiceCode<Class>;
#define SOFA_SERVICE_CODE(Class) template struct sofa::rpc::ServiceCode<Class>;
#define SOFA_SERVICE_CODE_METHODS(Class) \
  template const sofa::rpc::Interface& sofa::rpc::ServiceCode<Class>::interface();
#define SOFA_SERVICE_CODE_PROXY(Class)                                       \
  template std::shared_ptr<Class> sofa::rpc::ServiceCode<Class>::make_proxy( \
      std::shared_ptr<const sofa::rpc::CallPath> path);

#define SOFA_COUNT_(i, entry) +1
#define SOFA_METHOD_(i, entry)                                                                                    \
  template <>                                                                                                     \
  struct Row<i> {                                                                                                 \
    static constexpr auto kMember = SOFA_ENTRY_(SOFA_MEMBER_, entry);                                             \
    static constexpr std::string_view kName =                                                                     \
        ::sofa::rpc::detail::renamed<S>(SOFA_TEXT_(SOFA_ENTRY_(SOFA_NAME_, entry)),                               \
                                        ::sofa::reflect::camel_case<SOFA_TEXT_(SOFA_ENTRY_(SOFA_NAME_, entry))>); \
    static constexpr bool kIdempotent =                                                                           \
        ::sofa::rpc::detail::is_idempotent<S>(SOFA_TEXT_(SOFA_ENTRY_(SOFA_NAME_, entry)));                        \
  };                                                                                                              \
  template <class Next, class R, class... A>                                                                      \
  struct Link<i, Next, ::sofa::Task<R>(A...)> : Next {                                                            \
    using Next::Next;                                                                                             \
    using Next::SOFA_ENTRY_(SOFA_NAME_, entry);                                                                   \
    ::sofa::Task<R> SOFA_ENTRY_(SOFA_NAME_, entry)(A... arguments) override {                                     \
      return this->template call<Row<i>::kMember, R>(::sofa::rpc::ServiceCode<S>::interface().methods[i],         \
                                                     std::move(arguments)...);                                    \
    }                                                                                                             \
  };

// An entry is `name` or `(name, signature)`.
#define SOFA_NAME_0(name) name
#define SOFA_NAME_1(pair) SOFA_NAME_FIRST_ pair
#define SOFA_NAME_FIRST_(name, ...) name
#define SOFA_MEMBER_0(name) &S::name
#define SOFA_MEMBER_1(pair) SOFA_MEMBER_PICK_ pair
#define SOFA_MEMBER_PICK_(name, ...) static_cast<::sofa::rpc::detail::MemberPointer<S, __VA_ARGS__>>(&S::name)
#define SOFA_TEXT_(name) SOFA_TEXT_NOW_(name)
#define SOFA_TEXT_NOW_(name) #name

// SOFA_ENTRY_(m, entry) is m##0(entry) for a plain entry and m##1(entry) for one in parentheses.
#define SOFA_ENTRY_(macro, entry) SOFA_PASTE_(macro, SOFA_IN_PARENS_(entry))(entry)
#define SOFA_PASTE_(a, b) SOFA_PASTE_NOW_(a, b)
#define SOFA_PASTE_NOW_(a, b) a##b
#define SOFA_IN_PARENS_(entry) SOFA_SECOND_(SOFA_SEEN_ entry, 0, )
#define SOFA_SEEN_(...) ~, 1
#define SOFA_SECOND_(...) SOFA_SECOND_NOW_(__VA_ARGS__)
#define SOFA_SECOND_NOW_(first, second, ...) second

// macro(index, entry) for each entry, up to 256; the index is an expression: 0 + 1 + 1.
#define SOFA_EACH_(macro, ...) __VA_OPT__(SOFA_SCAN_(SOFA_STEP_(macro, 0, __VA_ARGS__)))
#define SOFA_STEP_(macro, i, entry, ...) macro(i, entry) __VA_OPT__(SOFA_AGAIN_ SOFA_CALL_(macro, i + 1, __VA_ARGS__))
#define SOFA_AGAIN_() SOFA_STEP_
#define SOFA_CALL_ ()
#define SOFA_SCAN_(...) SOFA_SCAN4_(SOFA_SCAN4_(SOFA_SCAN4_(SOFA_SCAN4_(__VA_ARGS__))))
#define SOFA_SCAN4_(...) SOFA_SCAN3_(SOFA_SCAN3_(SOFA_SCAN3_(SOFA_SCAN3_(__VA_ARGS__))))
#define SOFA_SCAN3_(...) SOFA_SCAN2_(SOFA_SCAN2_(SOFA_SCAN2_(SOFA_SCAN2_(__VA_ARGS__))))
#define SOFA_SCAN2_(...) SOFA_SCAN1_(SOFA_SCAN1_(SOFA_SCAN1_(SOFA_SCAN1_(__VA_ARGS__))))
#define SOFA_SCAN1_(...) __VA_ARGS__
