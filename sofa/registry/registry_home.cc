#include "sofa/registry/registry_home.h"

namespace sofa::registry {

RegistryHome::RegistryHome(io::Shard& on, RegistryOptions with, Presence::Past past)
    : shard(on),
      options(std::move(with)),
      presence([&on] { return on.env().clock.wall().time_since_epoch().count(); }, on.env().clock.now(),
               options.presence, std::move(past)),
      timer_([](void* self) noexcept { static_cast<RegistryHome*>(self)->tick(); }, this) {
  changed();
}

RegistryHome::~RegistryHome() {
  shard.timers().cancel(timer_);
}

void RegistryHome::tick() {
  shard.timers().arm(timer_, presence.tick(shard.now()));
}

}  // namespace sofa::registry
