#include "sofa/wire/hessian/writer.h"

#include <bit>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "sofa/wire/hessian/bank_types.h"
#include "sofa/wire/hessian/chain_sink.h"
#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {
namespace {

/// Hands out as little as it may, so that every border inside a value is met.
class TightSink final : public Sink {
 public:
  std::span<std::uint8_t> grow(std::size_t used, std::size_t need) override {
    out.insert(out.end(), block_.begin(), block_.begin() + static_cast<std::ptrdiff_t>(used));
    block_.assign(need, 0);
    return block_;
  }
  Bytes out;

 private:
  Bytes block_;
};

std::string random_text(std::mt19937& random, std::size_t characters) {
  std::string text;
  for (std::size_t i = 0; i < characters; ++i) {
    static constexpr std::uint32_t kFrom[] = {0,      'a',    0x80,    0x7ff,   0x800,   0xd800,
                                              0xdc00, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    std::uint32_t c = kFrom[random() % std::size(kFrom)];
    if (random() % 2 == 0) c = random() % 0x110000;
    // A high surrogate in front of a low one is their pair, not two lone ones: keep them apart.
    if (c >= 0xd800 && c <= 0xdfff) text += 'x';
    text::append_code_point(text, c);
    if (c >= 0xd800 && c <= 0xdfff) text += 'x';
  }
  return text;
}

TEST(Writer, AnyTextComesBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t size = round < 280 ? random() % 70 : 30000 + random() % 9000;
    const std::string text = random_text(random, size);
    EXPECT_EQ(from_bytes<std::string>(to_bytes(text)).value(), text) << "round " << round;
  }
}

TEST(Writer, TextThatIsNoUtf8IsRepaired) {
  EXPECT_EQ(from_bytes<std::string>(to_bytes(std::string("a\xff"
                                                         "b\xc3")))
                .value(),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(from_bytes<std::string>(to_bytes(std::string("\xf5\x80\x80\x80"))).value(),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Writer, AnyNumberComesBack) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 20000; ++round) {
    const auto whole = static_cast<std::int64_t>(random()) >> (random() % 64);
    EXPECT_EQ(from_bytes<std::int64_t>(to_bytes(whole)).value(), whole);
    const auto narrow = static_cast<std::int32_t>(whole);
    EXPECT_EQ(from_bytes<std::int32_t>(to_bytes(narrow)).value(), narrow);
    const double real = std::bit_cast<double>(random());
    const double back = from_bytes<double>(to_bytes(real)).value();
    EXPECT_TRUE(back == real || (std::isnan(back) && std::isnan(real))) << real;
    const double small = static_cast<double>(narrow) / 8;
    EXPECT_EQ(from_bytes<double>(to_bytes(small)).value(), small);
  }
}

TEST(Writer, TheSinkDoesNotShowInTheBytes) {
  bank::TransferRequest request;
  request.tx_id = std::string(40000, 'x');
  request.to_account = "\xf0\x9f\x98\x80 account";
  request.amount = std::make_shared<Decimal>(1250, 2);
  request.legs.resize(300);
  TightSink tight;
  Writer to_tight(tight);
  encode(to_tight, request);
  to_tight.finish();
  Chain chain;
  ChainSink sink(chain);
  Writer to_chain(sink);
  encode(to_chain, request);
  to_chain.finish();
  Bytes from_chain;
  Chain::Slice slices[64];
  for (std::size_t i = 0, n = chain.fill(slices, 64); i < n; ++i) {
    const auto* data = static_cast<const std::uint8_t*>(slices[i].data);
    from_chain.insert(from_chain.end(), data, data + slices[i].size);
  }
  EXPECT_EQ(tight.out, to_bytes(request));
  EXPECT_EQ(from_chain, to_bytes(request));
}

TEST(Writer, AConstantFrontContinuesAsIfWrittenAtOnce) {
  const auto front = [](Writer& to) {
    to.begin_list("[string", 1);
    to.write_string("a");
    to.end_list();
    encode(to, bank::Leg());
    encode(to, bank::Currency::USD);
  };
  const auto rest = [](Writer& to) {
    to.begin_list("[string", 0);
    to.end_list();
    encode(to, bank::Leg());
    const auto node = std::make_shared<bank::Node>();
    encode(to, node);
    encode(to, node);
  };
  Bytes at_once;
  BytesSink sink(at_once);
  Writer to(sink);
  front(to);
  to.finish();
  const Bytes prefix = at_once;
  const Writer::Tables tables = to.tables();
  rest(to);
  to.finish();

  Bytes resumed;
  BytesSink second_sink(resumed);
  Writer second(second_sink);
  second.write_raw(prefix);
  second.resume(tables);
  rest(second);
  second.finish();
  EXPECT_EQ(resumed, at_once);
  EXPECT_EQ(tables.references, 3U);
  EXPECT_EQ(tables.definitions.size(), 2U);
}

TEST(Writer, ManyTypesAndClassesSpillToTheHeapUnchanged) {
  Value all = Value::list();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 40; ++i) {
      all.push(Value::object("c" + std::to_string(i)).set("f", Value::list({i}, "t" + std::to_string(i))));
    }
  }
  const Bytes bytes = write_values(std::vector{all});
  const auto back = read_values(bytes);
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(back->at(0), all);
  EXPECT_EQ(write_values(*back), bytes);
}

}  // namespace
}  // namespace sofa::hessian
