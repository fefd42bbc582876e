// How publications and the content of the file come together: each round reads the file on a worker, parses it when its
// content is new, and writes it again when a publication is missing in it, or one that was withdrawn is there. So what
// another process overwrote comes back in the next round.
#include <algorithm>
#include <optional>

#include "sofa/base/utf8.h"
#include "sofa/base/yaml.h"
#include "sofa/io/async.h"
#include "sofa/io/whole_file.h"
#include "sofa/rpc/polled_source.h"
#include "sofa/rpc/source_url.h"
#include "sofa/rpc/sources.h"

namespace sofa::rpc {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostPublications = 4096;
constexpr io::Duration kPatience = 30s;

/// What is to stand in the file, or not any more, by service and address.
struct Wish {
  std::string service;
  Provider provider;
  bool published = true;
};
using Wishes = std::map<std::string, Wish>;

/// Equal only for equal contents, as far as chance goes.
struct Digest {
  std::uint64_t size = 0;
  std::uint64_t hash = 0;
  bool operator==(const Digest&) const = default;
};
Digest digest_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return {text.size(), hash};
}

Result<std::string> read_text(io::Disk& disk, const std::string& path, bool create) {
  if (create) {
    SOFA_TRY(const io::Handle made, disk.open(path, true));
    disk.close(made);
  }
  SOFA_TRY(const Bytes bytes, io::read_file(disk, path, yaml::kMaxBytes));
  return std::string(as_text(bytes));
}

bool fulfil(const Wishes& wishes, ServiceFile& services) {
  const ServiceFile before = services;
  for (const auto& [name, wish] : wishes) {
    auto& providers = services[wish.service];
    const auto at = std::ranges::find_if(providers, [&](const Provider& each) {
      return each.address == wish.provider.address && each.protocol == wish.provider.protocol;
    });
    if (at != providers.end()) {
      wish.published ? void(*at = wish.provider) : void(providers.erase(at));
    } else if (wish.published) {
      providers.push_back(wish.provider);
    }
    if (providers.empty()) services.erase(wish.service);
  }
  return services != before;
}

/// One round, on a worker.
struct Round {
  io::Disk& disk;
  std::string path;
  std::string beside;
  std::optional<Digest> known;  // nothing is to be done for this content
  Wishes wishes;

  struct Outcome {
    Digest digest;
    std::optional<ServiceFile> services;  // none: it is as known
  };
  Result<Outcome> operator()() {
    SOFA_TRY(std::string text, read_text(disk, path, !wishes.empty()));
    Outcome outcome{digest_of(text), std::nullopt};
    if (outcome.digest == known) return outcome;
    if (text.empty() && !wishes.empty()) text = "{}";
    SOFA_TRY(outcome.services, parse_service_file(text, path));
    if (fulfil(wishes, *outcome.services)) {
      text = print_service_file(*outcome.services);
      SOFA_TRY_VOID(io::replace_file(disk, path, beside, as_bytes(text)));
      outcome.digest = digest_of(text);
    }
    return outcome;
  }
};

class FileCore final : public PolledCore {
 public:
  FileCore(const SourceEnvironment& environment, std::string url, std::string path, io::Duration interval)
      : PolledCore(environment, std::move(url), interval),
        env_(environment.shards.env()),
        workers_(environment.workers),
        path_(std::move(path)) {}

  void tell(const std::string& name) override {
    if (!known_ || !lists()->watched(name)) return;
    const auto service = known_->services->find(name);
    lists()->update(name, service == known_->services->end() ? std::vector<Provider>() : service->second,
                    stale_since());
  }

  static Task<void> wish(std::shared_ptr<FileCore> self, Wish wish) {
    if (!is_service_name(wish.service) || !is_utf8(provider_url(wish.provider))) {
      throw Error(io::IoError::kAddress, fmt::format("cannot publish '{}' to {}: it is too long, or not UTF-8 text",
                                                     wish.service.substr(0, 100), self->url()));
    }
    const std::string name = wish.service + " " + wish.provider.protocol + "://" + wish.provider.address.to_string();
    const auto old = self->wishes_.find(name);
    if (old == self->wishes_.end() && self->wishes_.size() == kMostPublications) {
      throw Error(io::IoError::kLimit, fmt::format("more than {} publications to {}", kMostPublications, self->url()));
    }
    if (old == self->wishes_.end() || old->second.published != wish.published ||
        old->second.provider != wish.provider) {
      self->wishes_[name] = std::move(wish);
      ++self->wished_;
    }
    const std::uint64_t mine = self->wished_;
    if (self->fulfilled_ < mine) self->ask_now();
    while (self->fulfilled_ < mine) {
      co_await self->round_over_.wait();
      if (self->fulfilled_ < mine && self->failed_ >= mine) self->failure_->raise();
    }
  }

 private:
  void ask() override { start_detached(round(std::static_pointer_cast<FileCore>(shared_from_this())), nullptr); }

  static Task<void> round(std::shared_ptr<FileCore> self) {
    const std::uint64_t wished = self->wished_;
    Round work{.disk = self->env_.disk,
               .path = self->path_,
               .beside = fmt::format("{}.{:016x}", self->path_, self->env_.random.next()),
               .known = std::nullopt,
               .wishes = self->wishes_};
    if (self->known_ && self->fulfilled_ == wished) work.known = self->known_->digest;
    Result<Result<Round::Outcome>> done = co_await as_result(on_worker(self->workers_, std::move(work)));
    Result<Round::Outcome> outcome = done ? std::move(*done) : fail(std::move(done).error());
    Result<void> result;
    if (outcome) {
      if (outcome->services) self->known_ = std::move(*outcome);
      self->fulfilled_ = wished;
    } else {
      self->failed_ = wished;
      self->failure_ = outcome.error();
      result = fail(outcome.error());
    }
    self->answered(result);
    for (const std::string& name : self->lists()->names()) self->tell(name);
    self->round_over_.raise();
  }

  io::Env& env_;
  io::WorkerPool& workers_;
  const std::string path_;
  std::optional<Round::Outcome> known_;
  Wishes wishes_;
  // Rounds by how many wishes they knew of.
  std::uint64_t wished_ = 0, fulfilled_ = 0, failed_ = 0;
  std::optional<Error> failure_;
  Signal round_over_;
};

class FileSource final : public AddressSource {
 public:
  explicit FileSource(std::shared_ptr<FileCore> core) : core_(std::move(core)) { core_->start(); }
  ~FileSource() override { core_->stop(); }
  Task<void> publish(Publication publication) override { return wish(std::move(publication), true); }
  Task<void> unpublish(Publication publication) override { return wish(std::move(publication), false); }
  std::unique_ptr<Watch> watch(const ServiceKey& key, Changed changed) override {
    std::string name = key.to_string();
    auto watch = core_->lists()->watch(name, std::move(changed));
    core_->home().link()->post([core = core_, name] { core->tell(name); });
    return watch;
  }

 private:
  Task<void> wish(Publication publication, bool published) {
    Wish wish{publication.key.to_string(), std::move(publication.provider), published};
    return on_home(core_->home(), FileCore::wish(core_, std::move(wish)), kPatience);
  }
  const std::shared_ptr<FileCore> core_;
};

}  // namespace

Result<std::shared_ptr<AddressSource>> make_file_source(std::string_view url, SourceEnvironment environment) {
  SOFA_TRY(const SourceUrl parsed, parse_source_url(url));
  SOFA_TRY_VOID(parsed.only({"interval_ms"}));
  SOFA_TRY(const io::Duration interval, parsed.milliseconds("interval_ms", 2s, 50ms, 1h));
  if (!parsed.rest.starts_with('/')) {
    return fail(io::IoError::kAddress, "'{}' names no file: the form is file:///path/services.yaml", url);
  }
  return std::make_shared<FileSource>(std::make_shared<FileCore>(environment, std::string(url), parsed.rest, interval));
}

}  // namespace sofa::rpc
