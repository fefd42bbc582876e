// gate_rpc: what a request costs, in counts that need no quiet machine.
//
//   valgrind --tool=callgrind gate_rpc server 20000       the whole server side of N echo requests
//   valgrind --tool=callgrind gate_rpc observed 20000     the same, counted and sampled for logs and spans
//   valgrind --tool=callgrind gate_rpc client 20000       the whole client side of N echo calls
//   valgrind --tool=callgrind gate_rpc route 20000        decode a frame, read its header map, find service and method
//   gate_rpc allocs 20000                                 allocations a request of the server, as JSON
//
// 100 B of text as a full SOFARPC call in a Java client's frame of 935 bytes, eight requests a read: 64 in flight on 8
// connections. There is no kernel (fake_env.h). Two lengths of run tell set-up and request apart.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <optional>
#include <string>

#include "bench/fake_env.h"
#include "examples/bank/echo.h"
#include "sofa/io/connection.h"
#include "sofa/observe/telemetry.h"
#include "sofa/rpc/bolt_client.h"
#include "sofa/rpc/bolt_server.h"
#include "sofa/rpc/reference.h"
#include "sofa/rpc/request_front.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* block = std::malloc(size)) return block;
  std::abort();
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}

namespace sofa::bench {
namespace {

constexpr int kBatch = 8;

Bytes read_frame(const std::string& name) {
  std::ifstream in(SOFA_FRAMES + ("/" + name), std::ios::binary);
  Bytes bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.empty()) std::abort();
  return bytes;
}

struct World {
  explicit World(FakeNet::Peer& peer) : net(peer) {}
  FakeClock clock;
  FakeRandom random;
  FakeNet net;
  FakeResolver resolver;
  FakeDisk disk;
  FakeBlocking blocking;
  io::Env env{clock, random, net, resolver, disk, blocking};
  io::Shards shards{env, 1};
};

/// A Java client that asks again when it was answered.
class Asking final : public FakeNet::Peer {
 public:
  explicit Asking(const Bytes& request) {
    for (int i = 0; i < kBatch; ++i) batch_.insert(batch_.end(), request.begin(), request.end());
  }
  bool has_input() override { return true; }
  std::size_t read(std::span<std::uint8_t> into) override {
    std::memcpy(into.data(), batch_.data(), batch_.size());
    return batch_.size();
  }
  void written(std::span<const io::Slice>) override {}

 private:
  Bytes batch_;
};

/// Reads its argument and writes it back without a string of its own: what is left to count is the binding's.
void serve_in_place(void* service, rpc::ServerCall& call) {
  auto& scratch = *static_cast<std::string*>(service);
  const std::string_view text = call.arguments().read_text(scratch);
  call.answer(
      [](hessian::Writer& to, const void* value) { to.write_string(*static_cast<const std::string_view*>(value)); },
      &text);
}
constexpr std::string_view kEchoSignature[] = {"java.lang.String"};
constexpr rpc::Method kInPlace[] = {
    {.name = "echo", .signatures = kEchoSignature, .index = 0, .serve = serve_in_place}};
constexpr rpc::Interface kInPlaceEcho{.name = "dev.sofa.bank.EchoService", .methods = kInPlace};
const rpc::ServiceKey kEcho{"dev.sofa.bank.EchoService", "1.0", {}};

enum class Observed { kNo, kYes };

class Serving {
 public:
  Serving(const rpc::Interface& interface, std::shared_ptr<void> service, Observed observed)
      : asking_(read_frame("echo-100-request.bin")), world_(asking_) {
    rpc::ServiceOptions options;
    rpc::BoltServerOptions server_options;
    if (observed == Observed::kYes) {
      observe::Config config;
      config.digest = observe::DigestMode::kSampled;
      config.stat = true;
      config.otlp_url = "http://127.0.0.1:4318/v1/traces";
      server_options.telemetry = &telemetry_.emplace(world_.shards, config, "gate");
      options.methods =
          telemetry_->methods().add(observe::Side::kServer, kEcho.to_string(), std::array<std::string_view, 1>{"echo"});
    }
    server_.emplace(world_.shards, services_, server_options);
    services_.install(kEcho, interface, std::move(service), options);
    io::Connection::open(world_.shards[0], io::Handle{3}, std::make_shared<Peer>(),
                         server_->protocol_factory()(world_.shards[0], nullptr));
  }
  void run(long requests) {
    for (long i = 0; i < requests; i += kBatch) world_.shards[0].turn(io::TimePoint{});
  }
  std::uint64_t answered() const { return server_->counts().answers; }

 private:
  Asking asking_;
  World world_;
  rpc::ServiceTable services_;
  std::optional<observe::Telemetry> telemetry_;
  std::optional<rpc::BoltServer> server_;
};

/// A server that gives every request the same answer, in order.
class Answering final : public FakeNet::Peer {
 public:
  explicit Answering(Bytes answer) : answer_(std::move(answer)) {}
  bool has_input() override { return asked_ != answered_; }
  std::size_t read(std::span<std::uint8_t> into) override {
    std::uint8_t* at = into.data();
    while (asked_ != answered_) {
      std::memcpy(at, answer_.data(), answer_.size());
      bolt::patch_id(at, bolt::Protocol::kV1, ++answered_);
      at += answer_.size();
    }
    return static_cast<std::size_t>(at - into.data());
  }
  void written(std::span<const io::Slice> pieces) override {
    for (const io::Slice& piece : pieces) unseen_ += piece.size;
    if (request_size_ == 0) {
      bolt::FrameView frame;
      request_size_ = bolt::decode({static_cast<const std::uint8_t*>(pieces[0].data), pieces[0].size}, {}, frame).size;
    }
    asked_ += static_cast<std::uint32_t>(unseen_ / request_size_);
    unseen_ %= request_size_;
  }

 private:
  const Bytes answer_;
  std::uint32_t asked_ = 0;  // ids count up from one
  std::uint32_t answered_ = 0;
  std::size_t unseen_ = 0;
  std::size_t request_size_ = 0;
};

Task<void> call_again_and_again(rpc::Reference<bank::EchoService> echo, std::string text, long& left) {
  while (left-- > 0) {
    const auto answer = co_await echo->echo(text);
    if (!answer || answer->size() != text.size()) std::abort();
  }
}

void call(long calls) {
  Answering answering(read_frame("echo-100-answer.bin"));
  World world(answering);
  rpc::BoltClient client(world.shards);
  auto remote = client.make_remote({.address = {"/bank.sock", 0, true},
                                    .key = kEcho,
                                    .interface = &rpc::ServiceCode<bank::EchoService>::interface(),
                                    .app = "gate"});
  const rpc::Reference<bank::EchoService> echo(
      std::make_shared<const rpc::Route>(rpc::Route{std::make_shared<rpc::Slot>(), *remote, kEcho.to_string()}));
  long left = calls;
  world.shards[0].post([&] {
    for (int i = 0; i < kBatch; ++i) start_detached(call_again_and_again(echo, std::string(100, 'x'), left), nullptr);
  });
  while (client.counts().answers < static_cast<std::uint64_t>(calls)) world.shards[0].turn(io::TimePoint{});
}

void route(long requests) {
  const Bytes bytes = read_frame("echo-100-request.bin");
  rpc::ServiceTable services;
  services.install(kEcho, kInPlaceEcho, std::make_shared<std::string>());
  rpc::ShardServices shard(services);
  const bolt::Limits limits;
  rpc::RequestFronts fronts;
  for (long i = 0; i < requests; ++i) {
    bolt::FrameView frame;
    if (bolt::decode(bytes, limits, frame).outcome != bolt::Outcome::kFrame) std::abort();
    rpc::RequestFront& front = fronts.of(frame.header);
    if (!front.recognise_header(frame.header)) {
      hessian::Reader in(frame.content);
      if (!front.read_header(frame.header, limits.header_entries) || !front.read_content(in)) std::abort();
      front.keep(frame, in);
    }
    // As the server: a route stands for as long as the same is installed.
    if (!front.route.slot) front.route.slot = shard.find(front.service());
    const rpc::Slot::Pin service = front.route.slot->acquire();
    if (service.number() != front.route.number) {
      front.route.number = service.number();
      front.route.method = service.entry()->find(front.method(), front.signatures());
    }
    if (!front.route.method) std::abort();
  }
}

double allocations_of(const rpc::Interface& interface, std::shared_ptr<void> service, long requests,
                      Observed observed = Observed::kNo) {
  Serving serving(interface, std::move(service), observed);
  serving.run(1000);  // pools fill
  const std::uint64_t before = allocations;
  const std::uint64_t answered = serving.answered();
  serving.run(requests);
  return static_cast<double>(allocations - before) / static_cast<double>(serving.answered() - answered);
}

int run(const std::string& mode, long requests) {
  if (mode == "server" || mode == "observed") {
    Serving serving(rpc::ServiceCode<bank::EchoService>::interface(), std::make_shared<bank::Echo>(),
                    mode == "observed" ? Observed::kYes : Observed::kNo);
    serving.run(requests);
    return serving.answered() >= static_cast<std::uint64_t>(requests) ? 0 : 1;
  }
  if (mode == "client") return call(requests), 0;
  if (mode == "route") return route(requests), 0;
  if (mode != "allocs") return 2;
  const double binding = allocations_of(kInPlaceEcho, std::make_shared<std::string>(), requests);
  const double typed =
      allocations_of(rpc::ServiceCode<bank::EchoService>::interface(), std::make_shared<bank::Echo>(), requests);
  const double observed = allocations_of(kInPlaceEcho, std::make_shared<std::string>(), requests, Observed::kYes);
  std::printf("{\"allocations_per_request\": %g, \"observed\": %g, \"with_the_services_own\": %g}\n", binding, observed,
              typed);
  return 0;
}

}  // namespace
}  // namespace sofa::bench

int main(int argc, char** argv) {
  return argc == 3 ? sofa::bench::run(argv[1], std::atol(argv[2])) : 2;
}
