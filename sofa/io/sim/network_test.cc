#include "sofa/io/sim/network.h"

#include <cerrno>

#include <gtest/gtest.h>

#include "sofa/io/sim/echo_test_util.h"

namespace sofa::io::sim {
namespace {

class NetworkTest : public testing::Test {
 protected:
  bool within(Duration limit, const std::function<bool()>& condition) { return world_.run_until(condition, limit); }

  World world_{7};
  Network& network_ = world_.network();
  Process& server_ = world_.process("server");
  Process& client_ = world_.process("client");
};

TEST_F(NetworkTest, DeliversEverythingInOrderHoweverItIsCut) {
  const std::string text = letters(500'000);
  run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), text);
  ASSERT_TRUE(within(10s, [&] { return talker->heard().size() == text.size(); }));
  EXPECT_EQ(talker->heard(), text);
  EXPECT_EQ(network_.open_streams(), 1u);
}

TEST_F(NetworkTest, BandwidthBoundsTheTime) {
  Options options;
  options.net.bytes_per_second = 1'000'000;
  World world(1, options);
  run<EchoServer>(world.process("server"));
  const std::string text = letters(1'000'000);
  auto* talker = run<Talker>(world.process("client"), world.process("server").host(), text);
  ASSERT_TRUE(world.run_until([&] { return talker->heard().size() == text.size(); }, 10s));
  EXPECT_GE(world.now(), 1s);
}

TEST_F(NetworkTest, RefusesWhereNobodyListens) {
  auto* talker = run<Talker>(client_, server_.host(), std::string("x"));
  ASSERT_TRUE(within(1s, [&] { return !talker->connect_result(); }));
  EXPECT_TRUE(talker->connect_result().error().is(IoError::kRefused));
}

TEST_F(NetworkTest, ConnectTimesOutAcrossAPartition) {
  run<EchoServer>(server_);
  network_.block(client_, server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("x"));
  ASSERT_TRUE(within(30s, [&] { return !talker->connect_result(); }));
  EXPECT_TRUE(talker->connect_result().error().is(IoError::kTimeout));
  EXPECT_GE(world_.now(), world_.options().net.connect_timeout);
}

TEST_F(NetworkTest, AnAddressOfNobodyTimesOut) {
  auto* talker = run<Talker>(client_, std::string("10.9.9.9"), std::string("x"));
  ASSERT_TRUE(within(30s, [&] { return !talker->connect_result(); }));
  EXPECT_TRUE(talker->connect_result().error().is(IoError::kTimeout));
}

TEST_F(NetworkTest, AFullAcceptQueueMakesConnectsWait) {
  const Handle listener = *server_.env().net.listen(Address{"0.0.0.0", 7, false}, {.backlog = 2});
  std::vector<Handle> handles;
  for (int i = 0; i < 3; ++i) handles.push_back(*client_.env().net.connect(Address{server_.host(), 7, false}));
  world_.run_for(1s);
  const auto connected = [&] {
    return std::count_if(handles.begin(), handles.end(),
                         [&](Handle handle) { return client_.env().net.connect_result(handle).has_value(); });
  };
  EXPECT_EQ(connected(), 2);
  ASSERT_TRUE(server_.env().net.accept(listener).has_value());
  EXPECT_TRUE(within(5s, [&] { return connected() == 3; }));
}

TEST_F(NetworkTest, HandlesRunOut) {
  server_.descriptors().set_limit(2);
  const Handle listener = *server_.env().net.listen(Address{"0.0.0.0", 7, false}, {});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(client_.env().net.connect(Address{server_.host(), 7, false}).has_value());
  world_.run_for(1s);
  const auto first = server_.env().net.accept(listener);
  ASSERT_TRUE(first.has_value());
  const auto second = server_.env().net.accept(listener);
  ASSERT_FALSE(second.has_value());
  EXPECT_TRUE(second.error().is(IoError::kNoHandles));
  EXPECT_TRUE(server_.env().net.connect(Address{client_.host(), 7, false}).error().is(IoError::kNoHandles));
  server_.env().net.close(first->handle);
  EXPECT_TRUE(server_.env().net.accept(listener).has_value());
}

TEST_F(NetworkTest, AReaderThatDoesNotReadBlocksTheWriterAndIsNotGivenUp) {
  const Handle listener = *server_.env().net.listen(Address{"0.0.0.0", 7, false}, {});
  const std::string text = letters(1'000'000);
  auto* talker = run<Talker>(client_, server_.host(), text);
  world_.run_for(120s);
  ASSERT_TRUE(server_.env().net.accept(listener).has_value());
  const auto& options = world_.options().net;
  EXPECT_EQ(talker->sent(), options.send_buffer + options.receive_buffer);
  EXPECT_EQ(talker->error(), 0);
}

TEST_F(NetworkTest, APartitionDelaysAndLosesNothing) {
  const std::string text = letters(100'000);
  run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), text);
  ASSERT_TRUE(within(1s, [&] { return talker->heard().size() > 1'000; }));
  network_.block(server_, client_);
  world_.run_for(5s);
  const std::size_t heard = talker->heard().size();
  EXPECT_LT(heard, text.size());
  network_.block(client_, server_);
  world_.run_for(5s);
  EXPECT_EQ(talker->heard().size(), heard);
  network_.unblock_all();
  ASSERT_TRUE(within(10s, [&] { return talker->heard().size() == text.size(); }));
  EXPECT_EQ(talker->heard(), text);
}

TEST_F(NetworkTest, OneWayPartitionLetsTheOtherWayPass) {
  auto* server = run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("a"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "a"; }));
  network_.block(server_, client_);
  talker->say("b");
  world_.run_for(1s);
  EXPECT_EQ(talker->heard(), "a");
  EXPECT_EQ(server->connections(), 1u);
  ASSERT_TRUE(within(60s, [&] { return talker->error() != 0; }));
  EXPECT_EQ(talker->error(), ETIMEDOUT);  // no acknowledgement came back
}

TEST_F(NetworkTest, AForgottenConnectionIsHalfOpenUntilSomebodyWrites) {
  auto* server = run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("a"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "a"; }));
  world_.run_for(1s);
  EXPECT_EQ(network_.forget_connections(client_, server_, 5), 1u);
  world_.run_for(600s);
  EXPECT_EQ(talker->error(), 0);
  talker->say("b");
  ASSERT_TRUE(within(60s, [&] { return talker->error() != 0; }));
  EXPECT_EQ(talker->error(), ETIMEDOUT);
  EXPECT_EQ(server->connections(), 1u);  // it never learns of it
}

TEST_F(NetworkTest, ResetIsSeenByBoth) {
  auto* server = run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("a"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "a"; }));
  EXPECT_EQ(network_.reset_connections(server_, client_, 5), 1u);
  ASSERT_TRUE(within(1s, [&] { return talker->error() != 0 && server->ended() == 1; }));
  EXPECT_EQ(talker->error(), ECONNRESET);
  EXPECT_EQ(network_.open_streams(), 0u);
}

TEST_F(NetworkTest, AKilledProcessIsHeardByItsPeers) {
  run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("a"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "a"; }));
  server_.kill(Death::kKilled);
  ASSERT_TRUE(within(1s, [&] { return client_.descriptors().open_count() == 0; }));
  auto* again = run<EchoServer>(server_);
  client_.kill(Death::kKilled);
  talker = run<Talker>(client_, server_.host(), std::string("b"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "b"; }));
  EXPECT_EQ(again->connections(), 1u);
}

TEST_F(NetworkTest, AVanishedMachineIsSilentAndResetsWhenItIsBack) {
  run<EchoServer>(server_);
  auto* talker = run<Talker>(client_, server_.host(), std::string("a"));
  ASSERT_TRUE(within(1s, [&] { return talker->heard() == "a"; }));
  server_.kill(Death::kVanish);
  world_.run_for(60s);
  EXPECT_EQ(talker->error(), 0);
  talker->say("b");
  world_.run_for(5s);
  EXPECT_EQ(talker->error(), 0);
  run<EchoServer>(server_);
  ASSERT_TRUE(within(5s, [&] { return talker->error() != 0; }));
  EXPECT_EQ(talker->error(), ECONNRESET);
}

TEST_F(NetworkTest, ClosingWithUnreadBytesResets) {
  const Handle listener = *server_.env().net.listen(Address{"0.0.0.0", 7, false}, {});
  auto* talker = run<Talker>(client_, server_.host(), std::string("unread"));
  world_.run_for(1s);
  const auto accepted = server_.env().net.accept(listener);
  ASSERT_TRUE(accepted.has_value());
  server_.env().net.close(accepted->handle);
  ASSERT_TRUE(within(1s, [&] { return talker->error() != 0; }));
  EXPECT_EQ(talker->error(), ECONNRESET);
}

TEST_F(NetworkTest, HalfCloseEndsOneDirectionOnly) {
  const Handle listener = *server_.env().net.listen(Address{"0.0.0.0", 7, false}, {});
  auto* talker = run<Talker>(client_, server_.host(), std::string());
  world_.run_for(1s);
  const Handle accepted = server_.env().net.accept(listener)->handle;
  client_.env().net.shutdown_write(talker->handle());
  world_.run_for(1s);
  std::uint8_t buffer[8];
  EXPECT_EQ(server_.env().net.read(accepted, buffer).status, Transfer::Status::kEnd);
  const Slice slice{"late", 4};
  EXPECT_EQ(server_.env().net.write(accepted, {&slice, 1}).status, Transfer::Status::kOk);
  EXPECT_TRUE(within(1s, [&] { return !talker->heard().empty(); }));
}

TEST_F(NetworkTest, UnixSocketsAndEphemeralPorts) {
  Net& net = server_.env().net;
  const Handle any = *net.listen(Address{"0.0.0.0", 0, false}, {});
  const Handle other = *net.listen(Address{"0.0.0.0", 0, false}, {});
  EXPECT_NE(net.local_address(any).port, net.local_address(other).port);
  EXPECT_FALSE(net.listen(net.local_address(any), {}).has_value());
  const Address path{"/run/bank.sock", 0, true};
  const Handle listener = *net.listen(path, {});
  const Handle client = *client_.env().net.connect(path);
  world_.run_for(1s);
  EXPECT_TRUE(client_.env().net.connect_result(client).has_value());
  EXPECT_TRUE(net.accept(listener).has_value());
}

TEST_F(NetworkTest, SharedPortsAreDealtOut) {
  Net& net = server_.env().net;
  const Address address{"0.0.0.0", 7, false};
  const Handle first = *net.listen(address, {.share_port = true});
  const Handle second = *net.listen(address, {.share_port = true});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(client_.env().net.connect(Address{server_.host(), 7, false}).has_value());
  world_.run_for(1s);
  const auto drain = [&](Handle listener) {
    int count = 0;
    while (net.accept(listener)) ++count;
    return count;
  };
  const int of_first = drain(first);
  EXPECT_GT(of_first, 5);
  EXPECT_EQ(of_first + drain(second), 40);
}

TEST_F(NetworkTest, NamesResolveLaterAndUnknownOnesFail) {
  std::optional<Result<std::vector<Address>>> known, unknown, late;
  Resolver& resolver = client_.env().resolver;
  resolver.resolve("server", 12200, kNever, [&](auto result) { known = std::move(result); });
  resolver.resolve("nobody", 1, kNever, [&](auto result) { unknown = std::move(result); });
  resolver.resolve("server", 1, client_.env().clock.now() + 1us, [&](auto result) { late = std::move(result); });
  EXPECT_FALSE(known.has_value());
  ASSERT_TRUE(within(1s, [&] { return known && unknown && late; }));
  EXPECT_EQ(known->value().front(), (Address{server_.host(), 12200, false}));
  EXPECT_TRUE(unknown->error().is(IoError::kAddress));
  EXPECT_TRUE(late->error().is(IoError::kTimeout));
}

}  // namespace
}  // namespace sofa::io::sim
