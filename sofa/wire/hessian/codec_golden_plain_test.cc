#include "sofa/wire/hessian/codec_golden_test.h"

SOFA_CLASS_EXTERN(sofa::hessian::bank::Leg)

namespace sofa::hessian {

using namespace bank;

GoldenCodecs plain_golden_codecs() {
  return {
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
  };
}

}  // namespace sofa::hessian
