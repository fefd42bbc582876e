#include "sofa/io/call_context.h"

#include "sofa/io/block_pool.h"

namespace sofa {

Error cancel_error(CancelReason reason) {
  if (reason == CancelReason::kDeadline) return Error(io::IoError::kTimeout, "the call's deadline passed");
  return Error(io::IoError::kCancelled, "the call was cancelled");
}

void CancelNode::unlink() noexcept {
  if (!at_) return;
  *at_ = next_;
  if (next_) next_->at_ = at_;
  at_ = nullptr;
  next_ = nullptr;
}

void* CallContext::operator new(std::size_t size) {
  return io::allocate_block(size);
}
void CallContext::operator delete(void* memory, std::size_t size) noexcept {
  io::free_block(memory, size);
}

ContextPtr CallContext::make() {
  return ContextPtr(new CallContext);
}

ContextPtr CallContext::fork() const {
  ContextPtr copy = make();
  copy->present_ = present_;
  copy->baggage_bytes_ = baggage_bytes_;
  copy->deadline_ = deadline_;
  copy->peer_ = peer_;
  copy->baggage_ = baggage_;
  copy->trace_ = trace_;
  copy->slots_ = slots_;
  return copy;
}

void CallContext::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  while (cancel_nodes_) cancel_nodes_->unlink();
  delete this;
}

bool CallContext::add_baggage(std::string key, std::string value) {
  const std::size_t bytes = key.size() + value.size();
  if (baggage_.size() >= kMaxBaggage || baggage_bytes_ + bytes > kMaxBaggageBytes) return false;
  baggage_bytes_ += bytes;
  baggage_.emplace_back(std::move(key), std::move(value));
  return true;
}

void CallContext::cancel(CancelReason reason) {
  CancelReason none = CancelReason::kNone;
  if (!reason_.compare_exchange_strong(none, reason, std::memory_order_acq_rel)) return;
  const ContextPtr keep(this);  // what is told may drop the last other reference
  while (CancelNode* node = cancel_nodes_) {
    node->unlink();
    node->on_cancel_(*node);
  }
}

void CallContext::on_cancel(CancelNode& node) {
  node.unlink();
  if (cancelled()) {
    node.on_cancel_(node);
    return;
  }
  node.next_ = cancel_nodes_;
  node.at_ = &cancel_nodes_;
  if (cancel_nodes_) cancel_nodes_->at_ = &node.next_;
  cancel_nodes_ = &node;
}

}  // namespace sofa
