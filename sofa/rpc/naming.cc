#include "sofa/rpc/naming.h"

#include <algorithm>
#include <utility>

#include "sofa/base/log.h"
#include "sofa/base/mutant.h"
#include "sofa/io/async.h"
#include "sofa/rpc/bolt_remote.h"
#include "sofa/rpc/cluster_remote.h"
#include "sofa/rpc/url.h"

namespace sofa::rpc {
namespace {

// As SOFARPC's Version.RPC_VERSION of the release whose frames these are.
constexpr std::string_view kRpcVersion = "51403";

bool is_any_host(std::string_view host) {
  return host == "0.0.0.0" || host == "::" || host.empty();
}

bool is_one_address(std::string_view url) {
  return url.starts_with("bolt://") && url.find_first_of(",;") == std::string_view::npos;
}

}  // namespace

/// A reference's cluster and what feeds it.
struct Naming::Cluster {
  std::shared_ptr<ClusterRemote> remote;
  std::mutex mutex;  // the two below
  std::shared_ptr<AddressSource> source;
  std::unique_ptr<AddressSource::Watch> watch;

  void close() {
    std::shared_ptr<AddressSource> last_source;
    std::unique_ptr<AddressSource::Watch> last_watch;
    const std::lock_guard lock(mutex);
    last_source = std::move(source);
    last_watch = std::move(watch);
  }
};

Naming::Naming(io::Env& env, io::Shards& shards, BoltClient& client, std::function<io::WorkerPool&()> workers,
               Options options)
    : env_(env),
      shards_(shards),
      client_(client),
      workers_(std::move(workers)),
      options_(std::move(options)),
      start_ms_(env.clock.wall().time_since_epoch().count()) {}

Naming::~Naming() {
  close();
}

Result<std::shared_ptr<AddressSource>> Naming::source(std::string_view url) {
  const std::lock_guard lock(mutex_);
  if (closed_) return fail(io::IoError::kStopped, "the context has stopped");
  if (const auto found = sources_.find(url); found != sources_.end()) return found->second;
  SOFA_TRY(auto made, make_address_source(url, {.shards = shards_, .workers = workers_(), .app = options_.app}));
  return sources_.emplace(std::string(url), std::move(made)).first->second;
}

Result<std::shared_ptr<Remote>> Naming::refer(BoltClient::Target target, std::string_view url,
                                              const ClusterOptions& options) {
  if (url.empty()) url = options_.registry;
  if (url.empty()) return nullptr;
  if (!is_one_address(url)) return refer_cluster(std::move(target), url, options);
  SOFA_TRY(target.address, parse_url(url));
  return client_.make_remote(std::move(target));
}

Result<std::shared_ptr<Remote>> Naming::refer_cluster(BoltClient::Target target, std::string_view url,
                                                      const ClusterOptions& options) {
  auto cluster = std::make_shared<Cluster>();
  SOFA_TRY(cluster->source, source(url));
  SOFA_TRY(auto requests, client_.make_requests(target));
  const auto connect = [this, requests](const Provider& provider) -> std::shared_ptr<Remote> {
    return provider.protocol == "bolt" ? client_.make_remote(provider.address, requests) : nullptr;
  };
  SOFA_TRY(cluster->remote,
           ClusterRemote::make(
               shards_, {.service = target.key.to_string(), .timeout = requests->timeout(), .source = std::string(url)},
               options, connect));
  cluster->watch = cluster->source->watch(target.key, [weak = std::weak_ptr(cluster->remote)](ProviderListPtr list) {
    if (const auto remote = weak.lock()) remote->set_providers(std::move(list));
  });
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(clusters_, [](const auto& old) { return old.expired(); });
    clusters_.push_back(cluster);
  }
  return std::shared_ptr<Remote>(cluster, cluster->remote.get());
}

Publication Naming::publication(const ServiceKey& key, const Offer& offer, const io::Address& address) const {
  Provider provider{.protocol = "bolt", .address = address, .weight = offer.weight};
  if (!options_.announce.empty()) provider.address.host = options_.announce;
  if (is_any_host(provider.address.host)) provider.address.host = env_.net.own_host();
  auto& attributes = provider.attributes;
  attributes = {{"version", key.version}};
  if (!key.unique_id.empty()) attributes.emplace_back("uniqueId", key.unique_id);
  attributes.insert(attributes.end(), {{"interface", key.interface},
                                       {"weight", std::to_string(offer.weight)},
                                       {"startTime", std::to_string(start_ms_)},
                                       {"appName", options_.app},
                                       {"serialization", "hessian2"},
                                       {"protocol", "bolt"},
                                       {"dynamic", "true"},
                                       {"language", "cpp"},
                                       {"rpcVer", std::string(kRpcVersion)}});
  if (offer.warmup_time > io::Duration{0}) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(offer.warmup_time).count();
    attributes.emplace_back("warmupTime", std::to_string(ms));
    attributes.emplace_back("warmupWeight", std::to_string(offer.warmup_weight));
  }
  return {key, std::move(provider)};
}

Task<void> Naming::publish(std::vector<Publication> publications) {
  if (publications.empty()) co_return;
  Result<std::shared_ptr<AddressSource>> registry = source(options_.registry);
  if (!registry) registry.error().raise();
  for (Publication& each : publications) co_await (*registry)->publish(std::move(each));
}

Task<void> Naming::unpublish(std::vector<Publication> publications) {
  if (publications.empty()) co_return;
  Result<std::shared_ptr<AddressSource>> registry = source(options_.registry);
  if (!registry) registry.error().raise();
  for (Publication& each : publications) {
    const std::string service = each.key.to_string();
    const Result<void> done = co_await as_result((*registry)->unpublish(std::move(each)));
    if (!done) log::warn("cannot unpublish {} at {}: {}", service, options_.registry, done.error().message());
  }
}

Task<void> Naming::offer(ServiceKey key, Offer offer) {
  if (options_.registry.empty()) co_return;
  std::vector<Publication> publications;
  {
    const std::lock_guard lock(mutex_);
    for (const io::Address& address : addresses_) publications.push_back(publication(key, offer, address));
    std::string text = key.to_string();
    offers_.insert_or_assign(std::move(text), std::pair(std::move(key), offer));
  }
  co_await publish(std::move(publications));
}

Task<void> Naming::retract(ServiceKey key) {
  if (options_.registry.empty()) co_return;
  std::vector<Publication> publications;
  {
    const std::lock_guard lock(mutex_);
    const auto found = offers_.find(key.to_string());
    if (found == offers_.end()) co_return;
    for (const io::Address& address : addresses_) {
      publications.push_back(publication(found->second.first, found->second.second, address));
    }
    offers_.erase(found);
  }
  co_await unpublish(std::move(publications));
}

// Nobody on another machine can call a unix socket.
Task<void> Naming::open(io::Address address) {
  if (options_.registry.empty() || address.is_unix) co_return;
  std::vector<Publication> publications;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [text, offer] : offers_) publications.push_back(publication(offer.first, offer.second, address));
    addresses_.push_back(std::move(address));
  }
  co_await publish(std::move(publications));
}

Task<void> Naming::withdraw() {
  std::vector<Publication> publications;
  {
    const std::lock_guard lock(mutex_);
    for (const io::Address& address : addresses_) {
      for (const auto& [text, offer] : offers_) publications.push_back(publication(offer.first, offer.second, address));
    }
    addresses_.clear();
    offers_.clear();
  }
  if (SOFA_MUTANT("publications-outlive-the-server")) co_return;
  co_await unpublish(std::move(publications));
}

void Naming::close() {
  std::vector<std::weak_ptr<Cluster>> clusters;
  std::map<std::string, std::shared_ptr<AddressSource>, std::less<>> sources;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    clusters.swap(clusters_);
    sources.swap(sources_);
  }
  for (const auto& weak : clusters) {
    if (const auto cluster = weak.lock()) cluster->close();
  }
}

}  // namespace sofa::rpc
