// StatTable: counts and times of one shard's calls by method, peer's application and success, for the stat logs.
//
//   table.add(Side::kServer, method, "bank-front", true, elapsed);      // the shard: no allocation, no lock
//   for (const StatTable::Row& row : table.rows()) …                    // any thread; the numbers only grow
//
// Bounded: applications' names come from peers, so rows are limited; what finds none is counted in the method's row of
// the application `other`, or at last in the one row of all others.
// Threads: one shard adds, any thread reads meanwhile. Errors: none.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sofa/base/histogram.h"
#include "sofa/observe/call_record.h"

namespace sofa::observe {

class StatTable {
 public:
  struct Row {
    Side side = Side::kServer;
    bool success = true;
    MethodId method = kOtherMethod;
    FixedText<63> remote_app;
    SingleWriter calls;
    SingleWriter nanoseconds;
  };

  explicit StatTable(std::size_t capacity = 1024);

  void add(Side side, MethodId method, std::string_view remote_app, bool success, io::Duration elapsed) noexcept {
    add(row(side, method, remote_app, success), elapsed);
  }
  /// The same in two steps, for who remembers the row: it stays where it is.
  Row& row(Side side, MethodId method, std::string_view remote_app, bool success) noexcept;
  static void add(Row& row, io::Duration elapsed) noexcept {
    row.calls.add(1);
    row.nanoseconds.add(static_cast<std::uint64_t>(std::max<io::Duration::rep>(elapsed.count(), 0)));
  }
  std::span<const Row> rows() const { return {rows_.get(), used_.load(std::memory_order_acquire)}; }

 private:
  const std::size_t capacity_;
  const std::unique_ptr<Row[]> rows_;
  std::vector<std::uint16_t> places_;  // open addressing: a row's number and one; 0 is free
  std::atomic<std::size_t> used_{0};
};

}  // namespace sofa::observe
