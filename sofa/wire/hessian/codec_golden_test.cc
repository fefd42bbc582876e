// Every golden file read into C++ types and written from them again, to the same bytes.
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "sofa/wire/hessian/bank_types.h"
#include "sofa/wire/hessian/golden_files.h"

namespace sofa::hessian {
namespace {

using namespace bank;

const Registry& registry() {
  static const Registry made = Registry().add<InsufficientFunds>().add<Undeclared>();
  return made;
}

/// Reads the values as these types, one after the other, and writes them again.
template <class... T>
Result<Bytes> again(BytesView bytes) {
  Reader from(bytes, {}, &registry());
  std::tuple<T...> values;
  std::apply([&](T&... value) { (decode(from, value) && ...); }, values);
  if (!from.ok()) return tl::unexpected<Error>(from.error());
  if (!from.at_end()) from.fail(HessianError::kMismatch, "not all was read");
  Bytes out;
  BytesSink sink(out);
  Writer to(sink);
  std::apply([&](const T&... value) { (encode(to, value), ...); }, values);
  to.finish();
  return out;
}

using Any = Value;
template <class T>
using Shared = std::shared_ptr<T>;
using Thrown = std::shared_ptr<Throwable>;
#define SHAPE(n) Shape<"dev.sofa.peers.Shapes$C" n>
#define SHAPES                                                                                                      \
  SHAPE("00"), C01, C02, SHAPE("03"), SHAPE("04"), SHAPE("05"), SHAPE("06"), SHAPE("07"), SHAPE("08"), SHAPE("09"), \
      SHAPE("10"), SHAPE("11"), SHAPE("12"), SHAPE("13"), SHAPE("14"), SHAPE("15"), SHAPE("16"), SHAPE("17"),       \
      SHAPE("18"), Empty

const std::map<std::string, std::function<Result<Bytes>(BytesView)>>& codecs() {
  static const std::map<std::string, std::function<Result<Bytes>(BytesView)>> made = {
      {"null", again<std::optional<std::string>>},
      {"bool", again<bool>},
      {"int", again<std::int32_t>},
      {"long", again<std::int64_t>},
      {"double", again<double>},
      {"small-number", again<std::int8_t, std::int8_t, std::int16_t, char16_t, char16_t, float, float>},
      {"date", again<Date>},
      {"string-ascii", again<std::string>},
      {"string-2byte", again<std::string>},
      {"string-3byte", again<std::string>},
      {"string-emoji", again<std::string>},
      {"string-chunk-surrogate", again<std::string>},
      {"string-lone-surrogate", again<std::string, char16_t>},
      {"string-control", again<std::string>},
      {"binary", again<Bytes>},
      {"list-arraylist", again<std::vector<Any>>},
      {"list-empty", again<std::vector<std::string>>},
      {"list-length-edge", again<std::vector<std::int32_t>>},
      {"list-linked", again<LinkedList<Any>>},
      {"list-asList", again<Typed<std::vector<std::string>, "java.util.Arrays$ArrayList">>},
      {"set", again<HashSet<Any>, TreeSet<std::string>, LinkedHashSet<Any>>},
      {"list-immutable", again<Typed<std::vector<std::int32_t>, "java.util.Collections$UnmodifiableRandomAccessList">,
                               Typed<std::vector<Any>, "java.util.Collections$EmptyList">,
                               Typed<std::vector<std::string>, "java.util.Collections$SingletonList">>},
      {"list-typed-twice", again<LinkedList<Any>, LinkedList<Any>, LinkedList<Any>>},
      {"list-nested", again<std::vector<Any>>},
      {"list-variable", again<Any>},
      {"map-hashmap", again<Entries<Any, Any>>},
      {"map-empty", again<std::unordered_map<std::string, std::string>>},
      {"map-typed", again<Typed<Entries<std::string, Any>, "java.util.TreeMap">, LinkedHashMap<Any, Any>,
                          TreeMap<std::string, Any>, LinkedHashMap<std::string, Any>>},
      {"array-int", again<Array<std::int32_t>, Array<std::int32_t>, Array<std::int32_t>>},
      {"array-int-long", again<Array<std::int32_t>>},
      {"array-long", again<Array<std::int64_t>, Array<std::int64_t>>},
      {"array-short", again<Array<std::int16_t>>},
      {"array-float", again<Array<float>>},
      {"array-double", again<Array<double>>},
      {"array-bool", again<Array<bool>>},
      {"array-char", again<CharArray>},
      {"array-string", again<Array<std::optional<std::string>>, Array<std::string>, Array<std::string>>},
      {"array-object", again<Array<Any>, Array<Any>>},
      {"array-nested", again<Array<Array<std::int32_t>>, Array<std::optional<Array<std::string>>>>},
      {"array-typed-object", again<Array<std::optional<Leg>>, Array<Currency>, Array<Date>, Array<Decimal>,
                                   Array<std::optional<std::int32_t>>, Array<std::optional<std::int64_t>>>},
      {"object-leg", again<Leg>},
      {"object-twice", again<Leg, Leg>},
      {"object-transfer", again<TransferRequest>},
      {"object-transfer-list", again<std::vector<TransferRequest>>},
      {"object-all-types", again<AllTypes>},
      {"object-all-null", again<AllTypes>},
      {"object-many-classes", again<SHAPES, SHAPES>},
      {"object-many-classes-list", again<std::vector<std::variant<SHAPES>>>},
      {"cycle-graph", again<Shared<Node>>},
      {"cycle-collection", again<Any, Any, Any>},
      {"refs",
       again<std::string, std::string, Date, Date, Shared<Decimal>, Shared<Decimal>, Shared<Array<std::int32_t>>,
             Shared<Array<std::int32_t>>, Bytes, Bytes, Shared<std::vector<Any>>, Shared<std::vector<Any>>,
             Shared<Entries<Any, Any>>, Shared<Entries<Any, Any>>, Currency, Currency>},
      {"refs-far", again<Any>},
      {"enum", again<Currency, Currency, Currency>},
      {"enum-list", again<std::vector<Currency>, Typed<std::vector<Currency>, "java.util.RegularEnumSet">>},
      {"decimal", again<Decimal, Decimal, Decimal, Decimal>},
      {"biginteger", again<BigInteger, BigInteger, BigInteger>},
      {"sql-date", again<SqlDate, SqlTimestamp, SqlTime>},
      {"calendar", again<Calendar>},
      {"class", again<Class, Class, Class>},
      {"locale", again<Locale, Locale>},
      {"atomic", again<AtomicInteger, AtomicLong>},
      {"uuid", again<Uuid>},
      {"java-time", again<LocalDate, LocalDateTime, Instant, Duration, ZoneId>},
      {"exception", again<Thrown>},
      {"exception-cause", again<Thrown>},
      {"exception-frames", again<Thrown>},
      {"stream-mixed",
       again<std::int32_t, std::string, TransferRequest, std::optional<std::string>, Date, Bytes, TransferRequest>},
  };
  return made;
}

TEST(CodecGolden, EveryFileComesBackByteForByteThroughCppTypes) {
  for (const auto& entry : golden_manifest()) {
    SCOPED_TRACE(entry.file);
    const auto codec = codecs().find(entry.kind);
    ASSERT_NE(codec, codecs().end()) << "no C++ type for kind " << entry.kind;
    const Bytes bytes = golden_bytes(entry.file);
    const auto written = codec->second(bytes);
    ASSERT_TRUE(written) << written.error().what();
    EXPECT_EQ(*written, bytes);
  }
}

}  // namespace
}  // namespace sofa::hessian
