#include "tests/sim/talk.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "sofa/io/sim/trace.h"

namespace sofa::tests {

using namespace std::chrono_literals;
using io::sim::hash_of;
using io::sim::mix;

namespace {

struct Header {
  std::uint32_t magic;
  std::uint32_t size;
  std::uint64_t talk;
  std::uint64_t number;
  std::uint64_t checksum;
};
constexpr std::uint32_t kMagic = 0x6b6c6174;
constexpr std::uint32_t kLargest = 128 * 1024;

std::uint32_t payload_size(std::uint64_t talk, std::uint64_t number) {
  const std::uint64_t chance = mix(talk * 1'000'003 + number);
  if (chance % 128 == 0) return static_cast<std::uint32_t>(chance / 128 % kLargest);
  return static_cast<std::uint32_t>(chance / 128 % (chance % 2 == 0 ? 100 : 3'000));
}

Bytes save_words(std::initializer_list<std::uint64_t> words) {
  Bytes bytes(8 * words.size());
  std::memcpy(bytes.data(), words.begin(), bytes.size());
  return bytes;
}

std::uint64_t saved_word(const io::ConnectionState* moved, int index, std::uint64_t otherwise) {
  if (moved == nullptr) return otherwise;
  std::uint64_t word;
  std::memcpy(&word, moved->saved.data() + 8 * index, 8);
  return word;
}

io::Duration some(io::Random& random, io::Duration most) {
  return io::Duration(static_cast<io::Duration::rep>(random.next() % static_cast<std::uint64_t>(most.count())));
}

}  // namespace

void Truth::found(const std::string& what) {
  if (!fault_) fault_ = fmt::format("{} after {} s", what, std::chrono::duration<double>(world_.now()).count());
}

Bytes make_message(std::uint64_t talk, std::uint64_t number) {
  const std::uint32_t size = payload_size(talk, number);
  Bytes bytes(sizeof(Header) + size);
  std::uint64_t word = mix(talk ^ mix(number));
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word += 0x9e3779b97f4a7c15ull;
    bytes[sizeof(Header) + i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
  }
  const Header header{kMagic, size, talk, number, hash_of(BytesView(bytes).subspan(sizeof(Header)))};
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

std::size_t MessageReader::read(io::Connection& connection, BytesView data,
                                const std::function<void(BytesView)>& each) {
  std::size_t consumed = 0;
  while (data.size() - consumed >= sizeof(Header)) {
    Header header;
    std::memcpy(&header, data.data() + consumed, sizeof(header));
    if (talk_ == kAnyTalk) talk_ = header.talk;
    if (header.magic != kMagic || header.talk != talk_ || header.number != next_ ||
        header.size != payload_size(talk_, next_)) {
      truth_.found(fmt::format("{} expects message {} of talk {} and gets other bytes", who_, next_, talk_));
      connection.close(Error(io::IoError::kClosed, "wrong bytes"));
      return data.size();
    }
    const std::size_t total = sizeof(header) + header.size;
    if (data.size() - consumed < total) {
      connection.expect(total);
      return consumed;
    }
    const BytesView message = data.subspan(consumed, total);
    if (hash_of(message.subspan(sizeof(Header))) != header.checksum) {
      truth_.found(fmt::format("{} gets message {} of talk {} damaged", who_, next_, talk_));
    }
    ++next_;
    each(message);
    consumed += total;
  }
  connection.expect(sizeof(Header));
  return consumed;
}

// --- EchoProtocol

EchoProtocol::EchoProtocol(Truth& truth, io::Random& random, const io::ConnectionState* moved)
    : truth_(truth),
      random_(random),
      reader_(truth, "the server", saved_word(moved, 0, MessageReader::kAnyTalk), saved_word(moved, 1, 0)),
      last_heard_(io::Duration(static_cast<std::int64_t>(saved_word(moved, 2, 0)))) {
  idle_.set(
      [](void* self) noexcept {
        static_cast<EchoProtocol*>(self)->connection_->close(Error(io::IoError::kTimeout, "idle for too long"));
      },
      this);
  slow_.set(
      [](void* self) noexcept {
        auto& protocol = *static_cast<EchoProtocol*>(self);
        protocol.connection_->out().append(protocol.held_back_);
        protocol.held_back_.clear();
        protocol.connection_->flush();
      },
      this);
}

void EchoProtocol::on_open(io::Connection& connection) {
  connection_ = &connection;
  if (last_heard_ == io::TimePoint{}) last_heard_ = connection.shard().now();
  connection.shard().timers().arm(idle_, last_heard_ + kIdle);  // moving is no sign of life of the peer
}

std::size_t EchoProtocol::on_data(io::Connection& connection, BytesView data) {
  io::TimerWheel& timers = connection.shard().timers();
  const std::size_t consumed = reader_.read(connection, data, [&](BytesView message) {
    if (held_back_.empty() && random_.next() % 20 == 0)
      timers.arm(slow_, connection.shard().now() + some(random_, 30ms));
    if (slow_.armed() || !held_back_.empty()) {
      held_back_.insert(held_back_.end(), message.begin(), message.end());
    } else {
      connection.out().append(message);
    }
  });
  connection.flush();
  if (consumed != 0) {  // else it may be the unread bytes of a moved connection, shown again
    last_heard_ = connection.shard().now();
    timers.arm(idle_, last_heard_ + kIdle);
  }
  return consumed;
}

void EchoProtocol::on_closed(io::Connection& connection, const Error& why) {
  connection.shard().timers().cancel(idle_);
  connection.shard().timers().cancel(slow_);
  if (truth_.strict && !truth_.ending) truth_.found(fmt::format("the server loses a connection: {}", why.what()));
}

Bytes EchoProtocol::save_state() {
  connection_->shard().timers().cancel(idle_);
  return save_words(
      {reader_.talk(), reader_.next(), static_cast<std::uint64_t>(last_heard_.time_since_epoch().count())});
}

// --- TalkProtocol

TalkProtocol::TalkProtocol(Truth& truth, io::Random& random, Talk& talk, const io::ConnectionState* moved)
    : truth_(truth), random_(random), talk_(talk), reader_(truth, "the client", talk.id, saved_word(moved, 1, 0)) {
  if (saved_word(moved, 0, talk.id) != talk.id) truth.found("a moved connection lost its saved state");
  pace_.set([](void* self) noexcept { static_cast<TalkProtocol*>(self)->say(); }, this);
  deadline_.set([](void* self) noexcept { static_cast<TalkProtocol*>(self)->on_deadline(); }, this);
}

void TalkProtocol::on_open(io::Connection& connection) {
  talk_.connection = &connection;
  connection.shard().timers().arm(pace_, connection.shard().now() + some(random_, 100ms));
  arm_deadline();
}

std::size_t TalkProtocol::on_data(io::Connection& connection, BytesView data) {
  const std::size_t consumed = reader_.read(connection, data, [&](BytesView) {
    ++talk_.echoed;
    if (talk_.deadlines.empty()) return truth_.found("the client gets an answer to what it did not say");
    talk_.deadlines.pop_front();
  });
  arm_deadline();
  return consumed;
}

void TalkProtocol::on_closed(io::Connection& connection, const Error& why) {
  connection.shard().timers().cancel(pace_);
  connection.shard().timers().cancel(deadline_);
  talk_.connection = nullptr;
  if (truth_.strict && !truth_.ending) truth_.found(fmt::format("the client loses a connection: {}", why.what()));
  talk_.on_closed(why);
}

Bytes TalkProtocol::save_state() {
  io::TimerWheel& timers = talk_.connection->shard().timers();
  timers.cancel(pace_);
  timers.cancel(deadline_);
  talk_.connection = nullptr;
  return save_words({talk_.id, reader_.next()});
}

void TalkProtocol::say() {
  io::Connection& connection = *talk_.connection;
  if (connection.closed()) return;
  if (talk_.ending) return end();
  const io::TimePoint now = connection.shard().now();
  const std::uint64_t count = 1 + random_.next() % 8;
  for (std::uint64_t i = 0; i < count && talk_.talking && connection.writable(); ++i) {
    if (talk_.deadlines.size() >= kMostOutstanding) break;
    connection.out().append(make_message(talk_.id, talk_.next_send++));
    talk_.deadlines.push_back(now + kDeadline);
  }
  connection.flush();
  connection.shard().timers().arm(pace_, now + 20ms + some(random_, 280ms));
  arm_deadline();
}

void TalkProtocol::end() {
  talk_.ending = false;
  switch (talk_.id / 2 % 3) {
    case 0:
      return talk_.connection->close_after_flush();
    case 1:
      return talk_.connection->half_close();
    default:
      return talk_.connection->close(Error(io::IoError::kStopped, "the talk is over"));
  }
}

void TalkProtocol::arm_deadline() {
  if (talk_.connection == nullptr || talk_.connection->closed()) return;
  io::TimerWheel& timers = talk_.connection->shard().timers();
  if (talk_.deadlines.empty()) {
    timers.cancel(deadline_);
  } else {
    timers.arm(deadline_, talk_.deadlines.front());
  }
}

void TalkProtocol::on_deadline() {
  talk_.connection->close(Error(io::IoError::kTimeout, "no answer in time"));
}

}  // namespace sofa::tests
