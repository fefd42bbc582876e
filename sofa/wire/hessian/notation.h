// Hessian values as JSON, for people and tools, and JSON as Hessian values. For the command line and generic calls, not
// for the data path.
//
//   print_stream(bytes, Notation::kPlain)   // [{"$class":"dev.sofa.bank.Leg","account":"x","amount":"12.50",…}]
//   print_stream(bytes, Notation::kTyped)   // [{"t":"object","id":0,"class":"dev.sofa.bank.Leg","v":{…}}]
//
// Plain: lists are arrays, maps with text keys objects, other maps {"$entries":[[key,value],…]}; an object says its
// "$class"; BigDecimal and enums are text, dates ISO-8601, binaries {"$bytes":"hex"}; a list, map or object that stands
// a second time is {"$ref":"path of its first place"}, so cycles end. Typed: the notation of the golden manifests
// (tests/golden/README.md).
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "sofa/wire/hessian/value.h"

namespace sofa::hessian {

enum class Notation : std::uint8_t { kPlain, kTyped };

/// Which classes are enums: on the wire one looks like any object with a field `name`. Exceptions show by their fields.
struct KnownClasses {
  std::set<std::string, std::less<>> enums;
  /// The peers' bank classes.
  static const KnownClasses& bank();
};

std::string to_json(const Value& value, Notation notation, const KnownClasses& known = KnownClasses::bank());

/// All values of a stream as one JSON array.
Result<std::string> print_stream(BytesView bytes, Notation notation, const KnownClasses& known = KnownClasses::bank(),
                                 const Limits& limits = {});

/// JSON as a value. Whole numbers are int where they fit and long else, others double; arrays are lists; objects are
/// maps, or objects of the class that a member "$class" names. `java_type` says what is wanted where JSON cannot:
/// `long`, `double`, `byte[]` (hex text), `java.util.Date` (ISO-8601 or milliseconds), `java.math.BigDecimal` (text or
/// number), an array such as `int[]`, or the class of an object. Members {"$bytes":…}, {"$date":…}, {"$decimal":…},
/// {"$long":…},
/// {"$list":[…],"$type":…} say it inside the JSON.
Result<Value> value_from_json(std::string_view json, std::string_view java_type = {});

}  // namespace sofa::hessian
