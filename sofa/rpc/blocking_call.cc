#include "sofa/rpc/blocking_call.h"

#include "sofa/base/mutant.h"
#include "sofa/io/shard.h"
#include "sofa/rpc/error.h"
#include "sofa/rpc/priority.h"

namespace sofa::rpc {

BlockingCall::BlockingCall(ServerCall& call)
    : Job(
          [](Job& self) noexcept {
            auto& job = static_cast<BlockingCall&>(self);
            if (job.call_.context().cancelled()) return job.finish(Fate::kCancelled);
            job.work();
            job.finish(Fate::kRan);
          },
          [](Job& self) noexcept {
            auto& job = static_cast<BlockingCall&>(self);
            if (SOFA_MUTANT("shed-call-runs")) job.work();
            job.finish(Fate::kShed);
          }),
      Mail([](Mail& self) noexcept {
        const std::unique_ptr<BlockingCall> job(&static_cast<BlockingCall&>(self));
        job->fate_ == Fate::kRan ? job->answer() : job->answer_not_run();
      }),
      call_(call),
      home_(*io::Shard::current()) {
  share = share_of(call.context());
  if (SOFA_MUTANT("low-priority-first")) share = 5.0F / 4 - share;
}

void BlockingCall::submit(std::unique_ptr<BlockingCall> job) {
  ServerCall& call = job->call_;
  call.keep();
  if (call.pool()->submit(*job)) {
    static_cast<void>(job.release());  // the pool's
  } else {
    call.answer_exception(
        std::make_exception_ptr(Error(Code::kServerBusy, "the worker pool is full", Retriable::kYes)));
  }
}

void BlockingCall::finish(Fate fate) {
  fate_ = fate;
  home_.post(static_cast<io::Mail&>(*this));
}

void BlockingCall::answer_not_run() {
  const Error error = fate_ == Fate::kCancelled
                          ? cancel_error(call_.context().reason())
                          : Error(Code::kServerBusy, "waited too long for a worker thread", Retriable::kYes);
  call_.answer_exception(std::make_exception_ptr(error));
}

void BlockingCall::refuse_suspension() {
  call_.answer_exception(std::make_exception_ptr(
      Error(Code::kServerUndeclared, "a method of a blocking service suspended: use sofa::wait in it")));
}

}  // namespace sofa::rpc
