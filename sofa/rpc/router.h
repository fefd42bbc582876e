// Router: which of a service's providers a call may go to. Balancing then chooses one of them.
//
//   class OwnCity final : public rpc::Router {
//     void route(const rpc::RemoteCall& call, std::span<const rpc::Provider* const> providers,
//                std::span<bool> allowed) override {
//       for (std::size_t i = 0; i < providers.size(); ++i) {
//         if (providers[i]->attribute("city") != here_) allowed[i] = false;
//       }
//     }
//   };
//
// Routers run for each attempt of each call of references that name them, in order; they must not block, and may only
// take away. When none is left the call fails with Code::kClientRouter. Threads: shared by all shards.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sofa/rpc/cluster/provider.h"
#include "sofa/rpc/remote.h"

namespace sofa::rpc {

class Router {
 public:
  virtual ~Router() = default;
  virtual void route(const RemoteCall& call, std::span<const Provider* const> providers, std::span<bool> allowed) = 0;
};

/// Any thread; for references that are made after it. The last registration of a name stands.
void register_router(std::string name, int order, std::function<std::shared_ptr<Router>()> make);
/// By order. Code::kClientRouter for a name that is not registered; SOFARPC's directUrl, registry and mesh are known
/// and do nothing here.
Result<std::vector<std::shared_ptr<Router>>> make_routers(std::span<const std::string> names);

}  // namespace sofa::rpc
