// CallContext: what belongs to one call, wherever its code runs: deadline, cancellation, the peer, the trace,
// attributes, and what travels with it in both directions.
//
// It belongs to the call and not to a thread: a pointer in the promise of each Task, inherited at co_await, kept alive
// by whoever starts a task (Gate, wait, the server). A coroutine reads it without suspending:
//
//   sofa::CallContext& context = co_await sofa::context();
//   if (const auto* xid = context.get(sofa::kXid)) log(xid->view());
//   context.set(sofa::kPriority, 3);
//
// Ownership: intrusive reference count (ContextPtr), memory from a pool; reading, setting and passing allocate nothing.
// Threads: the count is safe from any thread; everything else belongs to the thread that runs the call at the moment.
// Only `cancelled()` may be asked from elsewhere.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sofa/base/shared_text.h"
#include "sofa/io/env.h"

namespace sofa {

/// Who is at the other end of a connection: made with it, and the only input to filters, limits and audit.
struct Peer {
  io::Address address;
  SharedText app;
  SharedText zone;
  SharedText identity;  // empty until proven by TLS or trust
  bool attested = false;
};

/// Text of at most `kCapacity` bytes, held inline.
template <std::size_t kCapacity>
class FixedText {
  static_assert(kCapacity <= 255);

 public:
  FixedText() = default;
  template <std::convertible_to<std::string_view> Text>
  FixedText(const Text& text) {
    assign(text);
  }
  /// False, and cut short, when the text is too long.
  bool assign(std::string_view text) {
    size_ = static_cast<std::uint8_t>(std::min(text.size(), kCapacity));
    if (size_ != 0) text.copy(text_, size_);
    return text.size() <= kCapacity;
  }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {text_, size_}; }
  bool operator==(const FixedText& other) const { return view() == other.view(); }

 private:
  std::uint8_t size_ = 0;
  char text_[kCapacity];
};

/// The span that a call's code runs in: of a served call, the one that its caller sent. Calls that are made in it are
/// its children (trace.h).
struct TraceContext {
  FixedText<63> trace_id;
  FixedText<127> rpc_id;
  bool sampled = false;
  bool w3c = false;  // a `traceparent` came with it, so one goes on with its calls
};

/// Which unit (LDC cell) a call belongs to.
struct Unit {
  FixedText<31> uid;
  std::uint32_t shard = 0;
  std::uint32_t flags = 0;
  std::uint64_t epoch = 0;
};

class CallContext;

namespace detail {
/// Keys and values in order, bounded in number and bytes.
class BoundedTexts {
 public:
  using Texts = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::size_t kMost = 32;
  static constexpr std::size_t kMostBytes = 8 * 1024;
  /// False, and nothing changed, at the limits.
  bool add(std::string key, std::string value);
  /// The same, in place of an earlier value of this key.
  bool set(std::string_view key, std::string_view value);
  const Texts& all() const { return texts_; }

 private:
  Texts texts_;
  std::size_t bytes_ = 0;
};

/// What most calls do not carry: made when the first of it is set.
struct Luggage {
  BoundedTexts baggage;
  BoundedTexts response_baggage;
  BoundedTexts headers;
  std::string penetration;
  std::string system_penetration;
};
const Luggage& no_luggage();

struct AttributeSlots {
  FixedText<127> xid;
  Unit unit;
  FixedText<63> idempotency_key;
  std::int32_t priority = 0;
};
}  // namespace detail

/// A key of a typed attribute; the keys that exist are the constants below.
template <class T>
struct AttributeKey {
  T detail::AttributeSlots::* slot;
  std::uint32_t bit;
};
inline constexpr AttributeKey<FixedText<127>> kXid{&detail::AttributeSlots::xid, 1};
inline constexpr AttributeKey<Unit> kUnit{&detail::AttributeSlots::unit, 2};
inline constexpr AttributeKey<FixedText<63>> kIdempotencyKey{&detail::AttributeSlots::idempotency_key, 4};
inline constexpr AttributeKey<std::int32_t> kPriority{&detail::AttributeSlots::priority, 8};

enum class CancelReason : std::uint8_t { kNone, kCancelled, kDeadline };

/// The error that an operation ended by cancellation fails with.
Error cancel_error(CancelReason reason);

/// Told once when the call is cancelled. Whoever derives from it keeps it alive while it is linked; the destructor
/// unlinks.
class CancelNode {
 public:
  using OnCancel = void (*)(CancelNode&) noexcept;
  explicit CancelNode(OnCancel on_cancel) : on_cancel_(on_cancel) {}
  CancelNode(const CancelNode&) = delete;
  CancelNode& operator=(const CancelNode&) = delete;
  ~CancelNode() { unlink(); }
  void unlink() noexcept;

 private:
  friend class CallContext;
  OnCancel on_cancel_;
  CancelNode* next_ = nullptr;
  CancelNode** at_ = nullptr;
};

class ContextPtr;

class CallContext {
 public:
  using Texts = detail::BoundedTexts::Texts;
  static constexpr std::size_t kMaxBaggage = detail::BoundedTexts::kMost;
  static constexpr std::size_t kMaxBaggageBytes = detail::BoundedTexts::kMostBytes;
  static constexpr std::size_t kMaxPenetrationBytes = 4 * 1024;

  /// A new context without deadline.
  static ContextPtr make();
  /// A copy of all but the response baggage, with its own cancellation. Its calls are numbered on with this one's.
  ContextPtr fork();

  io::TimePoint deadline() const { return deadline_; }
  void set_deadline(io::TimePoint deadline) { deadline_ = deadline; }

  const std::shared_ptr<const Peer>& peer() const { return peer_; }
  void set_peer(std::shared_ptr<const Peer> peer) { peer_ = std::move(peer); }

  TraceContext& trace() { return trace_; }
  const TraceContext& trace() const { return trace_; }
  /// The number of the next call made in this one: 1, 2, … From any thread.
  std::uint32_t next_child();

  /// Null when it is not set.
  template <class T>
  const T* get(AttributeKey<T> key) const {
    return (present_ & key.bit) != 0 ? &(slots_.*key.slot) : nullptr;
  }
  template <class T>
  void set(AttributeKey<T> key, const std::type_identity_t<T>& value) {
    slots_.*key.slot = value;
    present_ |= key.bit;
    received_ &= ~key.bit;
  }
  /// For bindings: it came with the request.
  template <class T>
  void receive(AttributeKey<T> key, const std::type_identity_t<T>& value) {
    set(key, value);
    received_ |= key.bit;
  }
  template <class T>
  bool is_received(AttributeKey<T> key) const {
    return (received_ & key.bit) != 0;
  }
  template <class T>
  void erase(AttributeKey<T> key) {
    present_ &= ~key.bit;
  }

  /// Pass-through text: travels with the call, in order. False at the limits (kMaxBaggage entries, kMaxBaggageBytes).
  bool add_baggage(std::string key, std::string value) {
    return luggage().baggage.add(std::move(key), std::move(value));
  }
  const Texts& baggage() const { return carried().baggage.all(); }

  /// The way back: what a service sets here goes with its answer. Of the calls made here the answers' baggage comes
  /// here too, later ones in place of earlier ones of the same key, and so, as in Java, goes on to one's own caller.
  /// False at the limits of baggage.
  bool set_response_baggage(std::string_view key, std::string_view value) {
    return luggage().response_baggage.set(key, value);
  }
  const Texts& response_baggage() const { return carried().response_baggage.all(); }

  /// The caller's own headers (CallOptions::headers), as far as they stay within the limits of baggage. They are of
  /// this call only and do not go on with the calls that it makes.
  const Texts& headers() const { return carried().headers.all(); }
  bool add_header(std::string key, std::string value) {
    return luggage().headers.add(std::move(key), std::move(value));
  }

  /// SOFATracer's penetration attributes, `k=v&k=v` with %, & and = escaped as it does: the business's and its own.
  /// They travel with the trace. False, and nothing changed, beyond kMaxPenetrationBytes.
  std::string_view penetration() const { return carried().penetration; }
  std::string_view system_penetration() const { return carried().system_penetration; }
  bool set_penetration(std::string_view attributes);
  bool set_system_penetration(std::string_view attributes);

  /// Whether calls made here have more to say than trace and deadline.
  bool has_more() const { return present_ != 0 || luggage_ != nullptr; }

  bool cancelled() const { return reason() != CancelReason::kNone; }
  CancelReason reason() const { return reason_.load(std::memory_order_acquire); }
  /// Tells all nodes, newest first. The first reason stands.
  void cancel(CancelReason reason = CancelReason::kCancelled);
  /// Links `node`; when the call is cancelled already it is told at once. A linked node is moved.
  void on_cancel(CancelNode& node);

 private:
  friend class ContextPtr;
  CallContext() = default;
  ~CallContext() = default;
  void release() noexcept;
  detail::Luggage& luggage();
  const detail::Luggage& carried() const { return luggage_ ? *luggage_ : detail::no_luggage(); }
  static void* operator new(std::size_t size);
  static void operator delete(void* memory, std::size_t size) noexcept;

  std::atomic<std::uint32_t> references_{0};
  std::atomic<CancelReason> reason_{CancelReason::kNone};
  std::uint32_t present_ = 0;
  std::uint32_t received_ = 0;
  std::atomic<std::uint32_t> children_{0};
  io::TimePoint deadline_ = io::kNever;
  std::shared_ptr<const Peer> peer_;
  CancelNode* cancel_nodes_ = nullptr;
  CallContext* origin_ = nullptr;  // of a fork: who numbers its calls; counted
  std::unique_ptr<detail::Luggage> luggage_;
  TraceContext trace_;
  detail::AttributeSlots slots_;
};

/// A counted reference to a CallContext; null when default-made or moved from.
class ContextPtr {
 public:
  ContextPtr() = default;
  explicit ContextPtr(CallContext* context) : context_(context) { acquire(); }
  ContextPtr(const ContextPtr& other) : context_(other.context_) { acquire(); }
  ContextPtr(ContextPtr&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
  ContextPtr& operator=(ContextPtr other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }
  ~ContextPtr() {
    if (context_) context_->release();
  }
  CallContext* get() const { return context_; }
  CallContext& operator*() const { return *context_; }
  CallContext* operator->() const { return context_; }
  explicit operator bool() const { return context_ != nullptr; }

 private:
  void acquire() {
    if (context_) context_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  CallContext* context_ = nullptr;
};

}  // namespace sofa
