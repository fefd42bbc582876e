#include "sofa/net/http_link.h"

#include "sofa/net/error.h"

namespace sofa::net {

Task<bool> send_body(std::shared_ptr<HttpLink> link, HttpBody& body, http::Body framing, std::uint64_t length) {
  std::uint64_t sent = 0;
  for (;;) {
    Chain piece = co_await body.read();
    if (!link->connection) co_return false;
    sent += piece.size();
    if (framing == http::Body::kLength && (sent > length || (piece.empty() && sent != length))) {
      throw Error(NetError::kMessage, fmt::format("a body of {} bytes was announced, and its source gave {}{}", length,
                                                  sent, piece.empty() ? "" : " or more"));
    }
    Chain& out = link->connection->out();
    const bool last = piece.empty();
    if (framing == http::Body::kChunked) {
      if (last) {
        http::append_last_chunk(out);
      } else {
        http::append_chunk_head(out, piece.size());
        out.splice(std::move(piece));
        http::append_chunk_end(out);
      }
    } else {
      out.splice(std::move(piece));
    }
    link->connection->flush();
    if (last) co_return true;
    while (link->connection && !link->connection->writable()) co_await link->drained.wait();
    if (!link->connection) co_return false;
  }
}

}  // namespace sofa::net
