// HttpInbox: the body of a message that is being received, between the connection that fills it and the task that
// reads.
//
// The connection pushes while the inbox is not full and pauses its reading otherwise; the owner is told when the reader
// wants more, or wants no more. Either may go first. Threads: one shard's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sofa/net/http_message.h"
#include "sofa/net/wakeup.h"

namespace sofa::net {

class HttpInbox {
 public:
  class Owner {
   public:
    /// There is room, and somebody reads.
    virtual void body_wanted() = 0;
    /// Nobody will read the rest.
    virtual void body_dropped() = 0;

   protected:
    ~Owner() = default;
  };

  /// Holds `window` bytes and what one read brought beyond them.
  static std::shared_ptr<HttpInbox> make(io::Shard& shard, Owner& owner, std::size_t window);
  HttpInbox(io::Shard& shard, Owner& owner, std::size_t window) : owner_(&owner), window_(window), wakeup_(shard) {}
  /// What the reader gets. Once.
  static HttpBody body(std::shared_ptr<HttpInbox> inbox, std::optional<std::uint64_t> length);

  // The owner's side. After finish or fail it is told nothing more.
  bool full() const { return received_.size() >= window_; }
  void push(BytesView bytes);
  void finish();
  void fail(Error why);

 private:
  class Source;
  static Task<Chain> read(std::shared_ptr<HttpInbox> inbox);
  void drop();

  Owner* owner_;
  const std::size_t window_;
  Chain received_;
  bool finished_ = false;
  std::optional<Error> error_;
  Wakeup wakeup_;
};

}  // namespace sofa::net
