// MethodTable: the methods that figures are kept for, and their numbers.
//
//   MethodRange methods = table.add(Side::kServer, "dev.sofa.bank.EchoService:1.0", {"echo", "slowEcho"});
//   MethodId echo = methods[0];                        // kept with the service; an index on the data path
//
// Names come from what this process publishes and refers to, never from a peer, and are bounded: beyond the capacity
// every method is kOtherMethod and counted under the label `other`.
// Threads: any; a mutex guards it, which no call takes. Errors: none.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace sofa::observe {

enum class Side : std::uint8_t { kClient, kServer };
/// `client`, `server`.
std::string_view name_of(Side side);

using MethodId = std::uint32_t;
inline constexpr MethodId kOtherMethod = 0;

/// The numbers of a service's methods, by their index in the interface.
struct MethodRange {
  MethodId first = kOtherMethod;
  std::uint32_t count = 0;

  MethodId operator[](int index) const {
    return static_cast<std::uint32_t>(index) < count ? first + static_cast<std::uint32_t>(index) : kOtherMethod;
  }
};

class MethodTable {
 public:
  static constexpr std::size_t kDefaultCapacity = 512;
  explicit MethodTable(std::size_t capacity = kDefaultCapacity) : capacity_(capacity) {}

  /// The same service with the same methods gets the numbers it had. An empty range where the table is full.
  MethodRange add(Side side, std::string_view service, std::span<const std::string_view> methods);

  struct Name {
    Side side = Side::kServer;
    std::string service;
    std::string method;
  };
  /// `other` for kOtherMethod, on the side that is asked for.
  Name name(Side side, MethodId method) const;

  std::size_t capacity() const { return capacity_; }
  /// Methods that found no place.
  std::uint64_t refused() const;

 private:
  using Known = std::tuple<Side, std::string, std::vector<std::string>>;  // a service with its methods
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<Name> names_;  // of method 1 and on
  std::map<Known, MethodRange> services_;
  std::uint64_t refused_ = 0;
};

}  // namespace sofa::observe
