#include "sofa/rpc/blocking_call.h"

#include "sofa/io/shard.h"
#include "sofa/rpc/error.h"

namespace sofa::rpc {

BlockingCall::BlockingCall(ServerCall& call)
    : Job([](Job& self) noexcept {
        auto& job = static_cast<BlockingCall&>(self);
        job.work();
        job.home_.post(static_cast<io::Mail&>(job));
      }),
      Mail([](Mail& self) noexcept {
        const std::unique_ptr<BlockingCall> job(&static_cast<BlockingCall&>(self));
        job->answer();
      }),
      call_(call),
      home_(*io::Shard::current()) {}

void BlockingCall::submit(std::unique_ptr<BlockingCall> job) {
  ServerCall& call = job->call_;
  call.keep();
  if (call.pool()->submit(*job)) {
    job.release();
  } else {
    call.answer_exception(
        std::make_exception_ptr(Error(Code::kServerBusy, "the worker pool is full", Retriable::kYes)));
  }
}

void BlockingCall::refuse_suspension() {
  call_.answer_exception(std::make_exception_ptr(
      Error(Code::kServerUndeclared, "a method of a blocking service suspended: use sofa::wait in it")));
}

}  // namespace sofa::rpc
