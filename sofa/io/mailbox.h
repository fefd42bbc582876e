// Mailbox: messages to a shard from any thread, taken in one batch a turn.
//
// A Mail is the sender's own node; it belongs to the mailbox from `post` until it runs, and may be freed or posted
// again by `run`. Lock-free: a push is one exchange loop, and only the first mail of a batch wakes the shard.
#pragma once

#include <atomic>

namespace sofa::io {

struct Mail {
  using Run = void (*)(Mail& self) noexcept;
  Mail() = default;
  explicit Mail(Run what) : run(what) {}
  Run run = nullptr;
  Mail* next = nullptr;
};

class Mailbox {
 public:
  /// True when it was empty: the owner may have to be woken. Any thread.
  bool push(Mail& mail) {
    Mail* head = head_.load(std::memory_order_relaxed);
    do {
      mail.next = head;
    } while (!head_.compare_exchange_weak(head, &mail, std::memory_order_seq_cst, std::memory_order_relaxed));
    return head == nullptr;
  }
  /// Everything in it, linked by `next` in the order of posting. The owner only.
  Mail* take_all() {
    if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    Mail* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Mail* oldest = nullptr;
    while (newest) {
      Mail* next = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }
  bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

 private:
  std::atomic<Mail*> head_{nullptr};
};

}  // namespace sofa::io
