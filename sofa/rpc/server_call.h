// ServerCall: one request on its way through a service, whatever binding it came by.
//
// The binding makes it, checks deadline and limits, and hands it to Method::serve, which decodes the arguments and
// answers exactly once: at once, or later after `keep`. Thread: the connection's shard, except that a blocking
// service's own code runs on its worker pool between decode and answer.
#pragma once

#include <exception>

#include "sofa/base/error.h"
#include "sofa/io/call_context.h"
#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::bolt {
struct FrameView;
}

namespace sofa::io {
class WorkerPool;
}

namespace sofa::rpc {

class ServerCall {
 public:
  /// Positioned at the first argument. Valid only until `serve` returns: what must outlive it is copied by decoding.
  virtual hessian::Reader& arguments() = 0;
  /// The request as it came. Valid only until `serve` returns.
  virtual const bolt::FrameView& frame() = 0;
  virtual CallContext& context() = 0;
  /// Where the service wants its blocking code to run, or null: on the shard itself.
  virtual io::WorkerPool* pool() = 0;

  /// Before `serve` was called: `arguments` is to stay readable although the request's bytes go. For filters that wait.
  virtual void keep_arguments() = 0;
  /// Called when the handler has suspended: the call now lives until it is answered.
  virtual void keep() = 0;

  // The one answer. After it the call is gone. A caller that has left meanwhile is no error: the answer is dropped
  // and counted.
  /// `encode` writes SofaResponse.appResponse.
  virtual void answer(void (*encode)(hessian::Writer& to, const void* value), const void* value) = 0;
  /// What the service threw: a business exception goes back as one, an Error of ours as a framework error.
  virtual void answer_exception(std::exception_ptr thrown) = 0;
  /// As somebody else answered it; only the id becomes this request's.
  virtual void answer_frame(const bolt::FrameView& answer) = 0;
  /// The arguments did not decode; the reader holds why.
  virtual void answer_undecodable() = 0;

 protected:
  ~ServerCall() = default;
};

}  // namespace sofa::rpc
