#include "sofa/rpc/server_filters.h"

#include <optional>
#include <utility>

#include "sofa/rpc/error.h"
#include "sofa/rpc/service.h"

namespace sofa::rpc {
namespace {

class Filtered;

/// Where `serve_filtered` finds a call whose filters or service wait, while its request is still at hand.
struct Progress {
  Filtered* waiting = nullptr;
};

/// What the service answers goes out at once; what it throws goes back through the filters first.
class Filtered final : public ServerCall {
 public:
  Filtered(const Method& method, void* service, ServerCall& call, Progress& progress)
      : method_(method), service_(service), call_(call), progress_(&progress) {
    progress.waiting = this;
  }
  ~Filtered() {
    if (progress_) progress_->waiting = nullptr;
  }

  /// The end of the filters' way.
  static Task<void> reach(void* self, Invocation&) { return static_cast<Filtered*>(self)->serve(); }

  /// The filters have suspended, before or behind the service.
  void keep_all() {
    progress_ = nullptr;
    if (answered_) return;
    keep();
    if (!reached_) call_.keep_arguments();
  }
  /// The filters are done: the answer, if there was none yet.
  void finish(const Result<void>& outcome) {
    if (answered_) return;
    if (!outcome) return call_.answer_exception(exception_of(outcome.error()));
    call_.answer_exception(
        std::make_exception_ptr(Error(Code::kServerFilter, "a filter ended the call without an answer")));
  }

  hessian::Reader& arguments() override { return call_.arguments(); }
  CallContext& context() override { return call_.context(); }
  io::WorkerPool* pool() override { return call_.pool(); }
  const bolt::FrameView& frame() override { return call_.frame(); }
  void keep_arguments() override { call_.keep_arguments(); }
  void keep() override {
    if (!std::exchange(kept_, true)) call_.keep();
  }
  void answer(void (*encode)(hessian::Writer& to, const void* value), const void* value) override {
    answered_ = true;
    call_.answer(encode, value);
    end({});
  }
  void answer_frame(const bolt::FrameView& answer) override {
    answered_ = true;
    call_.answer_frame(answer);
    end({});
  }
  void answer_exception(std::exception_ptr thrown) override { end(error_of(std::move(thrown))); }
  void answer_undecodable() override {
    answered_ = true;
    Error error = arguments().error();
    call_.answer_undecodable();
    end(std::move(error));
  }

 private:
  class Ended {
   public:
    explicit Ended(Filtered& call) : call_(call) {}
    bool await_ready() const noexcept { return call_.ended_; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { call_.waiter_ = waiter; }
    void await_resume() const noexcept {}

   private:
    Filtered& call_;
  };

  static Error error_of(std::exception_ptr thrown) { return sofa::detail::error_of(std::move(thrown)); }

  Task<void> serve() {
    if (reached_) return fail(Code::kServerFilter, "a filter called next twice");
    reached_ = true;
    method_.serve(service_, *this);
    if (!ended_) return wait();
    return error_ ? Task<void>::failed(*std::move(error_)) : Task<void>::ready();
  }
  Task<void> wait() {
    co_await Ended(*this);
    if (error_) error_->raise();
  }
  void end(std::optional<Error> error) {
    error_ = std::move(error);
    ended_ = true;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  const Method& method_;
  void* service_;
  ServerCall& call_;
  Progress* progress_;
  std::optional<Error> error_;
  std::coroutine_handle<> waiter_;
  bool reached_ = false;
  bool kept_ = false;
  bool answered_ = false;
  bool ended_ = false;
};

Task<void> run(const FilterChain& filters, const Method& method, std::string_view text, void* service, ServerCall& call,
               Progress& progress) {
  const ContextPtr context(&call.context());  // the filters' way back may be longer than the call
  Filtered filtered(method, service, call, progress);
  Invocation invocation{.side = Side::kProvider, .service = text, .method = method, .context = *context};
  filtered.finish(co_await as_result(filters.run(invocation, &Filtered::reach, &filtered)));
}

}  // namespace

void serve_filtered(const FilterChain& filters, const Method& method, std::string_view text, void* service,
                    ServerCall& call) {
  Progress progress;
  start_detached(run(filters, method, text, service, call, progress), &call.context());
  if (progress.waiting) progress.waiting->keep_all();
}

}  // namespace sofa::rpc
