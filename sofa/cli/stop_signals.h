// SIGTERM and SIGINT are held back from the start, in every thread, and taken one by one by the main thread.
#pragma once

#include <csignal>
#include <ctime>

namespace sofa::cli {

class StopSignals {
 public:
  /// Before threads are made.
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// False when none came within a second.
  bool wait_a_second() {
    const timespec second{1, 0};
    return sigtimedwait(&set_, nullptr, &second) > 0;
  }
  void wait() {
    int signal = 0;
    sigwait(&set_, &signal);
  }
  /// From now on a signal ends the process at once.
  void release() { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_;
};

}  // namespace sofa::cli
