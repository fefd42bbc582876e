#include "sofa/wire/java/jdk.h"

#include <algorithm>
#include <iterator>

namespace sofa::java {
namespace {

constexpr JdkType kTypes[] = {
    {"java.lang.Boolean", "bool", "java.lang.Boolean"},
    {"java.lang.Byte", "std::int8_t", "java.lang.Byte"},
    {"java.lang.Short", "std::int16_t", "java.lang.Short"},
    {"java.lang.Integer", "std::int32_t", "java.lang.Integer"},
    {"java.lang.Long", "std::int64_t", "java.lang.Long"},
    {"java.lang.Float", "float", "java.lang.Float"},
    {"java.lang.Double", "double", "java.lang.Double"},
    {"java.lang.Character", "char16_t", "java.lang.Character"},
    {"java.lang.String", "std::string", "java.lang.String"},
    {"java.lang.Object", "sofa::hessian::Value", "java.lang.Object", true},
    {"java.lang.Class", "sofa::hessian::Class", "java.lang.Class"},
    {"java.lang.Throwable", "std::shared_ptr<sofa::hessian::Throwable>", "java.lang.Throwable", true},
    {"java.lang.Exception", "std::shared_ptr<sofa::hessian::Throwable>", "java.lang.Throwable", true},
    {"java.lang.RuntimeException", "std::shared_ptr<sofa::hessian::Throwable>", "java.lang.Throwable", true},
    {"java.math.BigDecimal", "sofa::Decimal", "java.math.BigDecimal"},
    {"java.math.BigInteger", "sofa::BigInteger", "java.math.BigInteger"},
    {"java.util.Date", "sofa::Date", "java.util.Date"},
    {"java.sql.Date", "sofa::hessian::SqlDate", "java.sql.Date"},
    {"java.sql.Time", "sofa::hessian::SqlTime", "java.sql.Time"},
    {"java.sql.Timestamp", "sofa::hessian::SqlTimestamp", "java.sql.Timestamp"},
    {"java.util.Calendar", "sofa::hessian::Calendar", "java.util.Calendar"},
    {"java.util.GregorianCalendar", "sofa::hessian::Calendar", "java.util.Calendar"},
    {"java.util.Locale", "sofa::hessian::Locale", "java.util.Locale"},
    {"java.util.UUID", "sofa::hessian::Uuid", "java.util.UUID"},
    {"java.io.File", "sofa::hessian::File", "java.io.File"},
    {"java.util.concurrent.atomic.AtomicInteger", "sofa::hessian::AtomicInteger",
     "java.util.concurrent.atomic.AtomicInteger"},
    {"java.util.concurrent.atomic.AtomicLong", "sofa::hessian::AtomicLong", "java.util.concurrent.atomic.AtomicLong"},
    {"java.util.concurrent.atomic.AtomicBoolean", "sofa::hessian::AtomicBoolean",
     "java.util.concurrent.atomic.AtomicBoolean"},
    {"java.time.LocalDate", "sofa::hessian::LocalDate", "java.time.LocalDate"},
    {"java.time.LocalTime", "sofa::hessian::LocalTime", "java.time.LocalTime"},
    {"java.time.LocalDateTime", "sofa::hessian::LocalDateTime", "java.time.LocalDateTime"},
    {"java.time.Instant", "sofa::hessian::Instant", "java.time.Instant"},
    {"java.time.Duration", "sofa::hessian::Duration", "java.time.Duration"},
    {"java.time.ZoneId", "sofa::hessian::ZoneId", "java.time.ZoneId"},
};

using Form = JdkContainer::Form;
constexpr JdkContainer kContainers[] = {
    {"java.util.List", Form::kList, "std::vector", "java.util.List"},
    {"java.util.ArrayList", Form::kList, "std::vector", "java.util.List"},
    {"java.util.Collection", Form::kList, "std::vector", "java.util.List"},
    {"java.lang.Iterable", Form::kList, "std::vector", "java.util.List"},
    {"java.util.LinkedList", Form::kList, "sofa::hessian::LinkedList", "java.util.LinkedList"},
    {"java.util.Queue", Form::kList, "sofa::hessian::LinkedList", "java.util.LinkedList"},
    {"java.util.Deque", Form::kList, "sofa::hessian::LinkedList", "java.util.LinkedList"},
    {"java.util.Vector", Form::kNamedList, "", "java.util.Vector"},
    {"java.util.concurrent.CopyOnWriteArrayList", Form::kNamedList, "", "java.util.concurrent.CopyOnWriteArrayList"},
    {"java.util.Set", Form::kList, "sofa::hessian::Set", "java.util.Set"},
    {"java.util.HashSet", Form::kList, "sofa::hessian::HashSet", "java.util.HashSet"},
    {"java.util.LinkedHashSet", Form::kList, "sofa::hessian::LinkedHashSet", "java.util.LinkedHashSet"},
    {"java.util.TreeSet", Form::kList, "sofa::hessian::TreeSet", "java.util.TreeSet"},
    {"java.util.SortedSet", Form::kList, "sofa::hessian::TreeSet", "java.util.TreeSet"},
    {"java.util.NavigableSet", Form::kList, "sofa::hessian::TreeSet", "java.util.TreeSet"},
    {"java.util.Map", Form::kMap, "std::map", "java.util.Map"},
    {"java.util.HashMap", Form::kMap, "std::map", "java.util.Map"},
    {"java.util.LinkedHashMap", Form::kNamedMap, "sofa::hessian::LinkedHashMap", "java.util.LinkedHashMap"},
    {"java.util.TreeMap", Form::kNamedMap, "", "java.util.TreeMap"},
    {"java.util.SortedMap", Form::kNamedMap, "", "java.util.TreeMap"},
    {"java.util.NavigableMap", Form::kNamedMap, "", "java.util.TreeMap"},
    {"java.util.Hashtable", Form::kNamedMap, "", "java.util.Hashtable"},
    {"java.util.concurrent.ConcurrentMap", Form::kNamedMap, "", "java.util.concurrent.ConcurrentHashMap"},
    {"java.util.concurrent.ConcurrentHashMap", Form::kNamedMap, "", "java.util.concurrent.ConcurrentHashMap"},
};

template <class Row, std::size_t N>
const Row* find(const Row (&rows)[N], std::string_view java) {
  const Row* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.java == java; });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace

const JdkType* find_jdk_type(std::string_view java) {
  return is_jdk(java) ? find(kTypes, java) : nullptr;
}

const JdkContainer* find_jdk_container(std::string_view java) {
  return is_jdk(java) ? find(kContainers, java) : nullptr;
}

std::string_view cpp_primitive(std::string_view java) {
  constexpr std::string_view kNames[][2] = {
      {"boolean", "bool"},      {"byte", "std::int8_t"}, {"short", "std::int16_t"}, {"int", "std::int32_t"},
      {"long", "std::int64_t"}, {"float", "float"},      {"double", "double"},      {"char", "char16_t"}};
  for (const auto& [name, cpp] : kNames) {
    if (name == java) return cpp;
  }
  return {};
}

bool is_jdk(std::string_view java) {
  return java.starts_with("java.") || java.starts_with("javax.");
}

}  // namespace sofa::java
