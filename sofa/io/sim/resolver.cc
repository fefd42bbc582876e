#include <algorithm>

#include "sofa/io/shard.h"
#include "sofa/io/sim/process.h"

namespace sofa::io::sim {

Result<std::vector<Address>> SimResolver::look_up(const std::string& host, std::uint16_t port) const {
  if (is_numeric_host(host)) return std::vector<Address>{{host, port, false}};
  const auto* found = process_.world().network().find_name(host);
  if (found == nullptr) return fail(IoError::kAddress, "{} is unknown: check the name", host);
  std::vector<Address> addresses = *found;
  for (Address& address : addresses) address.port = port;
  return addresses;
}

void SimResolver::resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Done done) {
  if (!process_.alive()) return;  // what a killed process still asks while it is destroyed
  World& world = process_.world();
  const Time limit = deadline == kNever ? kNoTime : process_.clock().to_world(deadline);
  const Time answer = is_numeric_host(host) ? world.now() : world.now() + dice_.draw(world.options().resolve);
  const auto finish = [this, host, port, in_time = answer <= limit, done = std::move(done)] {
    done(in_time ? look_up(host, port) : fail(IoError::kTimeout, "no answer about {} in time", host));
  };
  Shard* shard = Shard::current();
  world.at(std::min(answer, limit), [this, shard, finish, life = process_.life(), name = hash_of(as_bytes(host))] {
    if (process_.life() != life) return;
    process_.world().trace(TraceKind::kResolved, static_cast<std::uint64_t>(process_.index()), name);
    if (shard == nullptr) return finish();
    shard->post(finish);
  });
}

}  // namespace sofa::io::sim
