#include "sofa/net/http_inbox.h"

#include <utility>

namespace sofa::net {

class HttpInbox::Source final : public HttpBodySource {
 public:
  explicit Source(std::shared_ptr<HttpInbox> inbox) : inbox_(std::move(inbox)) {}
  ~Source() override { inbox_->drop(); }
  Task<Chain> read() override {
    HttpInbox& inbox = *inbox_;
    if (!inbox.received_.empty()) {
      Chain piece = std::move(inbox.received_);
      if (inbox.owner_) inbox.owner_->body_wanted();
      return piece;
    }
    if (inbox.error_) return Task<Chain>::failed(*inbox.error_);
    if (inbox.finished_) return Chain();
    return HttpInbox::read(inbox_);
  }

 private:
  const std::shared_ptr<HttpInbox> inbox_;
};

std::shared_ptr<HttpInbox> HttpInbox::make(io::Shard& shard, Owner& owner, std::size_t window) {
  return std::allocate_shared<HttpInbox>(PoolAllocator<HttpInbox>(), shard, owner, window);
}

HttpBody HttpInbox::body(std::shared_ptr<HttpInbox> inbox, std::optional<std::uint64_t> length) {
  return HttpBody::stream(std::make_unique<Source>(std::move(inbox)), length);
}

Task<Chain> HttpInbox::read(std::shared_ptr<HttpInbox> inbox) {
  if (inbox->owner_) inbox->owner_->body_wanted();
  while (inbox->received_.empty() && !inbox->error_ && !inbox->finished_) co_await inbox->wakeup_.wait();
  if (inbox->received_.empty() && inbox->error_) inbox->error_->raise();
  Chain piece = std::move(inbox->received_);
  if (inbox->owner_ && !piece.empty()) inbox->owner_->body_wanted();
  co_return piece;
}

void HttpInbox::push(BytesView bytes) {
  received_.append(bytes);
  wakeup_.notify();
}

void HttpInbox::finish() {
  finished_ = true;
  owner_ = nullptr;
  wakeup_.notify();
}

void HttpInbox::fail(Error why) {
  error_ = std::move(why);
  owner_ = nullptr;
  wakeup_.notify();
}

void HttpInbox::drop() {
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->body_dropped();
}

}  // namespace sofa::net
