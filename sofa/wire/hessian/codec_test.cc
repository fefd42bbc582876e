#include "sofa/wire/hessian/codec.h"

#include <gtest/gtest.h>

#include "sofa/wire/hessian/bank_types.h"

namespace sofa::hessian {
namespace {

using bank::Currency;
using bank::InsufficientFunds;
using bank::Leg;
using bank::Undeclared;

struct Narrow {
  static constexpr auto java_class = "t.Thing";
  std::int32_t a = 7;
};
struct Wide {
  static constexpr auto java_class = "t.Thing";
  std::string name;
  std::int32_t a = 0;
  std::vector<std::int32_t> list;
  Decimal money;
};
struct Keeping {
  static constexpr auto java_class = "t.Thing";
  std::int32_t a = 0;
  Extra extra;
};

TEST(Codec, FieldsGoByNameWhateverTheSendersOrder) {
  const Bytes wide = to_bytes(Wide{"n", 5, {1, 2}, Decimal(125, 1)});
  EXPECT_EQ(from_bytes<Narrow>(wide)->a, 5);
  const auto back = from_bytes<Wide>(to_bytes(Narrow{9}));
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(back->a, 9);
  EXPECT_EQ(back->name, "");
}

TEST(Codec, ExtraFieldsAreKeptAndWrittenAgain) {
  const auto kept = from_bytes<Keeping>(to_bytes(Wide{"n", 5, {1, 2}, Decimal(125, 1)}));
  ASSERT_TRUE(kept) << kept.error().what();
  EXPECT_EQ(kept->extra.fields.size(), 3U);
  const auto wide = from_bytes<Wide>(to_bytes(*kept));
  ASSERT_TRUE(wide) << wide.error().what();
  EXPECT_EQ(wide->name, "n");
  EXPECT_EQ(wide->list, (std::vector{1, 2}));
  EXPECT_TRUE(wide->money.identical(Decimal(125, 1)));
}

TEST(Codec, TwoCppTypesOfOneClassInOneStream) {
  Bytes bytes;
  BytesSink sink(bytes);
  Writer to(sink);
  for (int i = 0; i < 4; ++i) encode(to, Wide{"n", i, {}, Decimal(1)});
  to.finish();
  Reader from(bytes);
  for (int i = 0; i < 2; ++i) {
    Narrow narrow;
    Wide wide;
    ASSERT_TRUE(decode(from, narrow) && decode(from, wide)) << from.error().what();
    EXPECT_EQ(narrow.a, 2 * i);
    EXPECT_EQ(wide.a, 2 * i + 1);
  }
}

TEST(Codec, NullIsForOptionalsAndEmptyTextInFields) {
  const Bytes null = {'N'};
  EXPECT_TRUE(from_bytes<std::string>(null).error().is(HessianError::kMismatch));
  EXPECT_TRUE(from_bytes<std::int32_t>(null).error().is(HessianError::kMismatch));
  EXPECT_EQ(from_bytes<std::optional<std::string>>(null).value(), std::nullopt);
  const Bytes nulls = write_values(std::vector{Value::object("t.Thing").set("name", nullptr).set("list", nullptr)});
  EXPECT_EQ(from_bytes<Wide>(nulls)->name, "");
  const Bytes money = write_values(std::vector{Value::object("t.Thing").set("money", nullptr)});
  EXPECT_TRUE(from_bytes<Wide>(money).error().is(HessianError::kMismatch));
}

TEST(Codec, OnlyTheNamedClassIsBuilt) {
  const Bytes other = write_values(std::vector{Value::object("java.lang.ProcessBuilder").set("a", 1)});
  const auto refused = from_bytes<Narrow>(other);
  EXPECT_TRUE(refused.error().is(HessianError::kUnregistered)) << refused.error().what();
  EXPECT_TRUE(from_bytes<Currency>(other).error().is(HessianError::kUnregistered));
  EXPECT_EQ(from_bytes<Value>(other)->class_name(), "java.lang.ProcessBuilder");
}

TEST(Codec, EnumsByName) {
  EXPECT_EQ(from_bytes<Currency>(to_bytes(Currency::JPY)).value(), Currency::JPY);
  const Bytes unknown = write_values(std::vector{Value::object("dev.sofa.bank.Currency").set("name", "XXX")});
  EXPECT_TRUE(from_bytes<Currency>(unknown).error().is(HessianError::kMismatch));
  EXPECT_EQ(java_class_of(Currency{}), "dev.sofa.bank.Currency");
}

struct PlainLeg {
  static constexpr auto java_class = "dev.sofa.bank.Leg";
  std::string account;
  Decimal amount;
};

TEST(Codec, AReferenceReadsAsAValueToo) {
  // The second leg holds the first one's amount.
  const auto amount = std::make_shared<Decimal>(999, 2);
  const Bytes bytes = to_bytes(std::vector<Leg>{{"a", amount, true, 1}, {"b", amount, false, 2}});
  const auto plain = from_bytes<std::vector<PlainLeg>>(bytes);
  ASSERT_TRUE(plain) << plain.error().what();
  EXPECT_TRUE(plain->at(1).amount.identical(*amount));
  EXPECT_EQ(plain->at(1).account, "b");
  const auto shared = from_bytes<std::vector<Leg>>(bytes);
  EXPECT_EQ(shared->at(0).amount, shared->at(1).amount);
}

TEST(Codec, AReferenceIntoSkippedBytesIsRead) {
  // {x: object with a list, a: …} then a reference to that inner list, in a stream whose first value is passed over.
  const Value list = Value::list({1, 2, 3});
  Value outer = Value::list();
  outer.push(Value::object("t.Other").set("inner", Value::object("t.Deep").set("list", list)));
  outer.push(outer.at(0)["inner"]["list"]);
  const Bytes bytes = write_values(std::vector{outer});
  Reader from(bytes);
  auto head = from.begin_list();
  ASSERT_TRUE(from.more(head));
  from.skip();
  ASSERT_TRUE(from.more(head));
  std::vector<std::int32_t> numbers;
  EXPECT_TRUE(decode(from, numbers));
  EXPECT_EQ(numbers, (std::vector{1, 2, 3}));
  EXPECT_FALSE(from.more(head));
  EXPECT_TRUE(from.ok() && from.at_end());
}

struct Ring {
  static constexpr auto java_class = "t.Ring";
  std::shared_ptr<Ring> next;
  std::weak_ptr<Ring> back;
};

TEST(Codec, AnObjectCannotBeMadeToOwnItself) {
  Value ring = Value::object("t.Ring");
  ring.set("next", Value::object("t.Ring"));
  ring["next"].set("back", ring);
  const auto sound = from_bytes<std::shared_ptr<Ring>>(write_values(std::vector{ring}));
  ASSERT_TRUE(sound) << sound.error().what();
  EXPECT_EQ((*sound)->next->back.lock(), *sound);
  ring["next"].set("next", ring);
  const auto refused = from_bytes<std::shared_ptr<Ring>>(write_values(std::vector{ring}));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(HessianError::kMismatch)) << refused.error().what();
}

struct Circle {
  static constexpr auto java_class = "t.Circle";
  double radius = 0;
};
struct Square {
  static constexpr auto java_class = "t.Square";
  double side = 0;
};

TEST(Codec, VariantsChooseByClass) {
  using Figure = std::variant<std::monostate, Circle, std::shared_ptr<Square>>;
  const std::vector<Figure> figures{Circle{1}, std::make_shared<Square>(Square{2}), std::monostate{}};
  const auto back = from_bytes<std::vector<Figure>>(to_bytes(figures));
  ASSERT_TRUE(back) << back.error().what();
  EXPECT_EQ(std::get<1>(back->at(0)).radius, 1);
  EXPECT_EQ(std::get<2>(back->at(1))->side, 2);
  EXPECT_EQ(back->at(2).index(), 0U);
  const Bytes other = write_values(std::vector{Value::object("t.Triangle")});
  const auto refused = from_bytes<Figure>(other);
  EXPECT_TRUE(refused.error().is(HessianError::kUnregistered));
  EXPECT_NE(refused.error().message().find("t.Triangle"), std::string::npos);
  EXPECT_EQ(std::get<1>((from_bytes<std::variant<Circle, Value>>(other).value())).class_name(), "t.Triangle");
}

TEST(Codec, ContainersOfEveryKind) {
  const std::map<std::string, std::vector<bool>> flags{{"a", {true, false}}, {"b", {}}};
  EXPECT_EQ((from_bytes<std::map<std::string, std::vector<bool>>>(to_bytes(flags)).value()), flags);
  const std::set<std::int64_t> numbers{1, 1LL << 40};
  EXPECT_EQ(from_bytes<std::set<std::int64_t>>(to_bytes(numbers)).value(), numbers);
  const std::unordered_set<std::string> words{"x", "y"};
  EXPECT_EQ(from_bytes<std::unordered_set<std::string>>(to_bytes(words)).value(), words);
  const Bytes block(100000, 7);
  EXPECT_EQ(from_bytes<Bytes>(to_bytes(block)).value(), block);
  EXPECT_EQ(from_bytes<Value>(to_bytes(Array<std::optional<std::int64_t>>{1, std::nullopt}))->class_name(),
            "[java.lang.Long");
  EXPECT_EQ(from_bytes<Value>(to_bytes(Array<Bytes>{{1}}))->class_name(), "[[byte");
}

const Registry& registry() {
  static const Registry made = Registry().add<InsufficientFunds>().add<Undeclared>();
  return made;
}

TEST(Throwable, RegisteredOnesComeBackAsWhatTheyAre) {
  InsufficientFunds thrown;
  thrown.detail_message = "account x lacks 1.50";
  thrown.account = "x";
  thrown.missing = Decimal(150, 2);
  auto cause = std::make_shared<Undeclared>();
  cause->code = 7;
  thrown.cause.value = cause;
  const auto back = from_bytes<std::shared_ptr<Throwable>>(to_bytes(thrown), &registry());
  ASSERT_TRUE(back) << back.error().what();
  try {
    (*back)->raise();
  } catch (const InsufficientFunds& caught) {
    EXPECT_EQ(caught.account, "x");
    EXPECT_TRUE(caught.missing->identical(Decimal(150, 2)));
    EXPECT_STREQ(caught.what(), "account x lacks 1.50");
    EXPECT_EQ(dynamic_cast<const Undeclared&>(*caught.cause.value).code, 7);
    EXPECT_EQ(caught.cause.value->cause.value, nullptr);
  }
  const auto value = from_bytes<InsufficientFunds>(to_bytes(thrown), &registry());
  ASSERT_TRUE(value) << value.error().what();
  EXPECT_EQ(value->account, "x");
}

TEST(Throwable, OthersBecomeRemoteExceptions) {
  Undeclared thrown;
  thrown.code = 3;
  thrown.detail_message = "no";
  const auto back = from_bytes<std::shared_ptr<Throwable>>(to_bytes(thrown));
  ASSERT_TRUE(back) << back.error().what();
  const auto& remote = dynamic_cast<const RemoteException&>(**back);
  EXPECT_EQ(remote.class_name, "dev.sofa.bank.UndeclaredException");
  EXPECT_EQ(remote.message(), "no");
  ASSERT_EQ(remote.fields.fields.size(), 1U);
  EXPECT_EQ(remote.fields.fields[0].first, "code");
  EXPECT_EQ(remote.fields.fields[0].second, Value(3));
  EXPECT_THROW((*back)->raise(), RemoteException);
  // Written again it is the same exception to those who know it.
  const auto again = from_bytes<std::shared_ptr<Undeclared>>(to_bytes(*back), &registry());
  ASSERT_TRUE(again) << again.error().what();
  EXPECT_EQ((*again)->code, 3);
}

TEST(Throwable, ARingOfCausesIsCutAndFreed) {
  // Two exceptions, each the other's cause.
  Value first = Value::object("t.A").set("detailMessage", "a").set("stackTrace", nullptr);
  Value second = Value::object("t.B").set("detailMessage", "b").set("stackTrace", nullptr);
  first.set("cause", second);
  first["cause"].set("cause", first);
  const Bytes bytes = write_values(std::vector{first});
  Reader from(bytes);
  EXPECT_TRUE(at_throwable(from));
  const auto back = read_throwable(from);
  ASSERT_TRUE(from.ok()) << from.error().what();
  ASSERT_NE(back->cause.value, nullptr);
  EXPECT_EQ(back->cause.value->message(), "b");
  EXPECT_EQ(back->cause.value->cause.value, nullptr);
}

TEST(Throwable, PlainObjectsDoNotLookLikeOne) {
  const Bytes leg = to_bytes(Leg());
  Reader from(leg);
  EXPECT_FALSE(at_throwable(from));
  const Bytes text = to_bytes(std::string("x"));
  Reader other(text);
  EXPECT_FALSE(at_throwable(other));
  EXPECT_EQ(other.read_string(), "x");
}

}  // namespace
}  // namespace sofa::hessian
