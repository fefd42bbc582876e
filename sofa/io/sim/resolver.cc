#include <algorithm>

#include "sofa/io/sim/process.h"

namespace sofa::io::sim {

void SimResolver::resolve(const std::string& host, std::uint16_t port, TimePoint deadline, Done done) {
  World& world = process_.world();
  const Time limit = deadline == kNever ? kNoTime : process_.clock().to_world(deadline);
  const Time answer = world.now() + dice_.draw(world.options().resolve);
  const bool in_time = answer <= limit;
  world.at(std::min(answer, limit), [this, host, port, in_time, done = std::move(done), life = process_.life()] {
    if (process_.life() != life) return;
    World& later = process_.world();
    later.trace(TraceKind::kResolved, static_cast<std::uint64_t>(process_.index()), hash_of(as_bytes(host)));
    const auto* found = later.network().find_name(host);
    if (!in_time) return done(fail(IoError::kTimeout, "no answer about {} in time", host));
    if (found == nullptr) return done(fail(IoError::kAddress, "{} is unknown: check the name", host));
    std::vector<Address> addresses = *found;
    for (Address& address : addresses) address.port = port;
    done(std::move(addresses));
  });
}

}  // namespace sofa::io::sim
