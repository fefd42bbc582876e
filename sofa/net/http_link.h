// HttpLink: a connection as a task sees it that may outlive it; and sending a body through it.
#pragma once

#include <memory>

#include "sofa/io/connection.h"
#include "sofa/net/http_message.h"
#include "sofa/net/wakeup.h"
#include "sofa/wire/http/head.h"

namespace sofa::net {

struct HttpLink {
  HttpLink(io::Shard& shard, io::Connection& to) : connection(&to), drained(shard) {}
  io::Connection* connection;  // null once it is gone, or is no longer this task's business
  Wakeup drained;              // it may be written to again, or is gone

  void cut() {
    connection = nullptr;
    drained.notify();
  }
};

/// Writes the pieces of `body`, which stays, as fast as the connection takes them, and what ends them. False when the
/// connection went meanwhile. Throws what the source threw, and NetError::kMessage when `length` (kLength) was not
/// kept.
Task<bool> send_body(std::shared_ptr<HttpLink> link, HttpBody& body, http::Body framing, std::uint64_t length);

}  // namespace sofa::net
