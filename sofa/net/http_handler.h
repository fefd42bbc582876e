// HttpHandler: what answers requests. Called on the shard of the connection, and on several at once.
//
//   Task<HttpResponse> health(HttpRequest) { return HttpResponse::text(200, "ok\n"); }      // no coroutine, no frame
//   Task<HttpResponse> echo(HttpRequest request) {
//     HttpResponse response;
//     response.body = co_await request.body.read_text(1 << 20);
//     co_return response;
//   }
//
// The call's context has the deadline (HttpServerOptions::handler_timeout) and the peer, and is cancelled when the
// client has left. What a handler throws is answered with 500 and not told to the client; NetError::kTooLarge with 413,
// io::IoError::kTimeout with 503.
#pragma once

#include <functional>

#include "sofa/net/http_message.h"

namespace sofa::net {

using HttpHandler = std::function<Task<HttpResponse>(HttpRequest)>;

}  // namespace sofa::net
