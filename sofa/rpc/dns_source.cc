#include <algorithm>
#include <tuple>

#include "sofa/rpc/polled_source.h"
#include "sofa/rpc/source_url.h"
#include "sofa/rpc/sources.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;

// One list for all services: a name says where, not what.
constexpr const char* kEvery = "";

class DnsCore final : public PolledCore {
 public:
  DnsCore(const SourceEnvironment& environment, std::string url, io::Address address, io::Duration interval)
      : PolledCore(environment, std::move(url), interval),
        resolver_(environment.shards.env().resolver),
        address_(std::move(address)) {}

  void tell(const std::string&) override {
    if (!known_.empty()) lists()->update(kEvery, known_, stale_since());
  }

 private:
  void ask() override {
    resolver_.resolve(address_.host, address_.port, home().now() + 5s,
                      [self = std::static_pointer_cast<DnsCore>(shared_from_this())](
                          Result<std::vector<io::Address>> found) { self->answered(self->take(std::move(found))); });
  }

  Result<void> take(Result<std::vector<io::Address>> found) {
    if (!found) return fail(std::move(found).error());
    auto& addresses = *found;
    if (addresses.empty() || addresses.size() > ServiceLists::kMostProviders) {
      return fail(io::IoError::kAddress, "{} addresses of {}: not to be believed", addresses.size(), address_.host);
    }
    // Servers turn the order of addresses round with each answer: that is no change.
    std::ranges::sort(addresses, {}, [](const io::Address& each) { return std::tie(each.host, each.port); });
    addresses.erase(std::ranges::unique(addresses).begin(), addresses.end());
    known_.clear();
    for (io::Address& address : addresses) known_.push_back({.address = std::move(address)});
    lists()->update(kEvery, known_);
    return {};
  }

  io::Resolver& resolver_;
  const io::Address address_;
  std::vector<Provider> known_;
};

class DnsSource final : public AddressSource {
 public:
  DnsSource(std::string url, std::shared_ptr<DnsCore> core) : url_(std::move(url)), core_(std::move(core)) {
    core_->start();
  }
  ~DnsSource() override { core_->stop(); }
  Task<void> publish(Publication) override { return cannot_publish(url_); }
  Task<void> unpublish(Publication) override { return Task<void>::ready(); }
  std::unique_ptr<Watch> watch(const ServiceKey&, Changed changed) override {
    auto watch = core_->lists()->watch(kEvery, std::move(changed));
    core_->home().link()->post([core = core_] { core->tell(kEvery); });
    return watch;
  }

 private:
  const std::string url_;
  const std::shared_ptr<DnsCore> core_;
};

}  // namespace

Result<std::shared_ptr<AddressSource>> make_dns_source(std::string_view url, SourceEnvironment environment) {
  SOFA_TRY(const SourceUrl parsed, parse_source_url(url));
  SOFA_TRY_VOID(parsed.only({"interval_ms"}));
  SOFA_TRY(const io::Duration interval, parsed.milliseconds("interval_ms", 5s, 100ms, 1h));
  SOFA_TRY(io::Address address, io::Address::parse(parsed.rest));
  return std::make_shared<DnsSource>(
      std::string(url), std::make_shared<DnsCore>(environment, std::string(url), std::move(address), interval));
}

}  // namespace sofa::rpc
