#include "sofa/rpc/call_limit.h"

namespace sofa::rpc {
namespace {

constexpr io::Duration kWindow = std::chrono::milliseconds(100);
constexpr std::uint32_t kLeastCalls = 32;  // fewer say too little of the others

GradientLimit::Options options_of(std::uint32_t most) {
  GradientLimit::Options options;
  if (most != 0) options.most = most;
  return options;
}

}  // namespace

struct CallLimit::Adaptive {
  explicit Adaptive(std::uint32_t most) : gradient(options_of(most)) {}

  GradientLimit gradient;  // belongs to who holds `closing`
  std::atomic_flag closing;
  std::atomic<io::Duration::rep> since{0};  // when the window began
  std::atomic<bool> probing{true};
  std::atomic<io::Duration::rep> took{0};
  std::atomic<std::uint32_t> calls{0};
  std::atomic<std::uint32_t> peak{0};
};

CallLimit::CallLimit(std::uint32_t most, bool adaptive)
    : limit_(most), adaptive_(adaptive ? std::make_unique<Adaptive>(most) : nullptr) {
  if (adaptive_) limit_ = adaptive_->gradient.limit();
}

CallLimit::~CallLimit() = default;

void CallLimit::begin() {
  const std::uint32_t calls = in_flight_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (adaptive_ && calls > adaptive_->peak.load(std::memory_order_relaxed)) {
    adaptive_->peak.store(calls, std::memory_order_relaxed);
  }
}

void CallLimit::measure(io::TimePoint began, io::TimePoint now) {
  Adaptive& window = *adaptive_;
  const io::TimePoint since{io::Duration(window.since.load(std::memory_order_relaxed))};
  if (window.probing.load(std::memory_order_relaxed) && began < since) return;
  const io::Duration::rep took = window.took.fetch_add((now - began).count(), std::memory_order_relaxed);
  const std::uint32_t calls = window.calls.fetch_add(1, std::memory_order_relaxed) + 1;
  if (calls < kLeastCalls || now - since < kWindow || window.closing.test_and_set(std::memory_order_acquire)) return;
  window.gradient.close(io::Duration((took + (now - began).count()) / calls),
                        window.peak.load(std::memory_order_relaxed));
  window.took.store(0, std::memory_order_relaxed);
  window.calls.store(0, std::memory_order_relaxed);
  window.peak.store(0, std::memory_order_relaxed);
  window.since.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  window.probing.store(window.gradient.probing(), std::memory_order_relaxed);
  limit_.store(window.gradient.limit(), std::memory_order_relaxed);
  window.closing.clear(std::memory_order_release);
}

}  // namespace sofa::rpc
