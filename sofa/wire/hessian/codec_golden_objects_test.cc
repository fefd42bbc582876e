#include "sofa/wire/hessian/codec_golden_test.h"

SOFA_CLASS_EXTERN(sofa::hessian::bank::TransferRequest)
SOFA_CLASS_EXTERN(sofa::hessian::bank::Leg)
SOFA_CLASS_EXTERN(sofa::hessian::bank::Node)
SOFA_CLASS_EXTERN(sofa::hessian::bank::AllTypes)

namespace sofa::hessian {

using namespace bank;

#define SHAPE(n) Shape<"dev.sofa.peers.Shapes$C" n>
#define SHAPES                                                                                                      \
  SHAPE("00"), C01, C02, SHAPE("03"), SHAPE("04"), SHAPE("05"), SHAPE("06"), SHAPE("07"), SHAPE("08"), SHAPE("09"), \
      SHAPE("10"), SHAPE("11"), SHAPE("12"), SHAPE("13"), SHAPE("14"), SHAPE("15"), SHAPE("16"), SHAPE("17"),       \
      SHAPE("18"), Empty

GoldenCodecs object_golden_codecs() {
  return {
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
}

}  // namespace sofa::hessian
