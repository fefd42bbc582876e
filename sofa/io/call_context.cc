#include "sofa/io/call_context.h"

#include "sofa/base/mutant.h"
#include "sofa/io/block_pool.h"

namespace sofa {

Error cancel_error(CancelReason reason) {
  if (reason == CancelReason::kDeadline) return Error(io::IoError::kTimeout, "the call's deadline passed");
  return Error(io::IoError::kCancelled, "the call was cancelled");
}

namespace detail {

const Luggage& no_luggage() {
  static const Luggage none;
  return none;
}

bool BoundedTexts::add(std::string key, std::string value) {
  const std::size_t bytes = key.size() + value.size();
  if (texts_.size() >= kMost || bytes_ + bytes > kMostBytes) return false;
  bytes_ += bytes;
  texts_.emplace_back(std::move(key), std::move(value));
  return true;
}

bool BoundedTexts::set(std::string_view key, std::string_view value) {
  for (auto& [known, old] : texts_) {
    if (known != key) continue;
    if (bytes_ - old.size() + value.size() > kMostBytes) return false;
    bytes_ += value.size() - old.size();
    old = value;
    return true;
  }
  return add(std::string(key), std::string(value));
}

}  // namespace detail

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

ContextPtr CallContext::fork() {
  ContextPtr copy = make();
  copy->present_ = present_;
  copy->received_ = received_;
  copy->deadline_ = deadline_;
  copy->peer_ = peer_;
  copy->origin_ = origin_ ? origin_ : this;
  copy->origin_->references_.fetch_add(1, std::memory_order_relaxed);
  if (luggage_) {
    copy->luggage_ = std::make_unique<detail::Luggage>(*luggage_);
    copy->luggage_->response_baggage = {};
  }
  copy->trace_ = trace_;
  copy->slots_ = slots_;
  return copy;
}

std::uint32_t CallContext::next_child() {
  CallContext& counting = origin_ ? *origin_ : *this;
  if (SOFA_MUTANT("child-number-stands")) return counting.children_ + 1;
  return counting.children_.fetch_add(1, std::memory_order_relaxed) + 1;
}

void CallContext::release() noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  while (cancel_nodes_) cancel_nodes_->unlink();
  if (origin_) origin_->release();
  delete this;
}

detail::Luggage& CallContext::luggage() {
  if (!luggage_) luggage_ = std::make_unique<detail::Luggage>();
  return *luggage_;
}

bool CallContext::set_penetration(std::string_view attributes) {
  if (attributes.size() > kMaxPenetrationBytes) return false;
  luggage().penetration = attributes;
  return true;
}

bool CallContext::set_system_penetration(std::string_view attributes) {
  if (attributes.size() > kMaxPenetrationBytes) return false;
  luggage().system_penetration = attributes;
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
