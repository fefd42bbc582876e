// PolledSource: the part that address sources share which ask again and again: a file, DNS.
//
// What is asked, and what was answered, lives in a PolledCore on one shard; the source is a handle that may go on any
// thread. Between two questions lies `interval`; `ask_now` asks at once, or once more when a question is under way.
// Threads: a core's members are its shard's, except `start`, `stop` and `lists`.
#pragma once

#include <memory>
#include <string>

#include "sofa/io/signal.h"
#include "sofa/rpc/service_lists.h"

namespace sofa::rpc {

class PolledCore : public std::enable_shared_from_this<PolledCore> {
 public:
  PolledCore(const SourceEnvironment& environment, std::string url, io::Duration interval);
  virtual ~PolledCore() = default;
  PolledCore(const PolledCore&) = delete;
  PolledCore& operator=(const PolledCore&) = delete;

  void start();
  void stop();
  io::Shard& home() const { return home_; }
  const std::shared_ptr<ServiceLists>& lists() const { return lists_; }
  /// Tells what is known of a service that is watched newly.
  virtual void tell(const std::string& name) = 0;

 protected:
  /// Asks; calls `answered` once, later, on the shard.
  virtual void ask() = 0;
  void ask_now();
  /// With an error every list is the last good one, until an answer without.
  void answered(const Result<void>& result);
  bool stopped() const { return stopped_; }
  io::TimePoint stale_since() const { return stale_since_; }
  const std::string& url() const { return url_; }

 private:
  io::Shard& home_;
  const std::string url_;
  const io::Duration interval_;
  const std::shared_ptr<ServiceLists> lists_ = std::make_shared<ServiceLists>();
  io::Timer timer_;
  bool asking_ = false;
  bool again_ = false;
  bool stopped_ = false;
  io::TimePoint stale_since_ = io::kNever;
};

/// Runs `task` on `home`, for `patience` or until the call's own deadline, and comes back to the shard it was called
/// on.
Task<void> on_home(io::Shard& home, Task<void> task, io::Duration patience);

/// A source without publications: `publish` fails, saying why.
Task<void> cannot_publish(std::string url);

}  // namespace sofa::rpc
