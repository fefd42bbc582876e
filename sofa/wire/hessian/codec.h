// Codec: C++ types as Hessian values, both ways, generated from the types.
//
//   struct Leg {
//     static constexpr auto java_class = "dev.sofa.bank.Leg";
//     std::optional<std::string> account;          // null or text
//     Decimal amount;
//     bool credit = false;
//     std::int32_t sequence = 0;
//   };
//   Bytes bytes = to_bytes(leg);
//   Result<Leg> back = from_bytes<Leg>(bytes);
//
// What maps to what: bool, int8..int64, float, double, char16_t, std::string and Bytes as in Java; std::optional is
// null; an aggregate with `java_class` is an object (fields by base/reflect.h: snake_case to camelCase, `java_names`
// overrides); enums by SOFA_JAVA_ENUM; std::shared_ptr keeps identity, so graphs and cycles work; hessian::Value is
// Object. Collections, arrays and variants: containers.h. BigDecimal and the JDK's classes: jdk.h. Exceptions:
// throwable.h. Another type takes part by specializing Codec.
//
// Writing follows the Java writer: fields of primitive and java.lang types first, then the others, each group in the
// order declared (a subclass's before its parents'). A value type is written again wherever it stands; only what is
// held by shared_ptr becomes a reference.
// Reading goes by the names in the sender's class definition: unknown fields are passed over, or kept by a member of
// type Extra; absent ones keep their default. Null is an error for what is not optional, except that a null string or
// collection in a field reads as empty. Where the sender wrote a reference and the C++ type is a value, the value is
// read again from where it stands, bounded by Limits::max_repeated_bytes.
// What holds itself is never freed, so a reference that would close a cycle of shared_ptr is an error: the way back is
// a std::weak_ptr (whose object must have a strong owner among the values read).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sofa/base/reflect.h"
#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/value.h"
#include "sofa/wire/hessian/writer.h"

namespace sofa::hessian {

/// How T is written and read. Members of a specialization:
///   static void encode(Writer&, const T&);  static void decode(Reader&, T&);   // errors stick in the reader
///   static constexpr bool kJavaLang;      primitive or java.lang: such fields stand before others
///   static constexpr bool kNullIsEmpty;   null in a field reads as T{}
///   static constexpr bool kCompound;      always one list, map or object, so a shared_ptr can refer to it
///   static std::string array_type();      how the type of an array names its elements: `int`, `string`, a class
template <class T>
struct Codec;

/// Writes one value.
template <class T>
void encode(Writer& to, const T& value) {
  Codec<T>::encode(to, value);
}
/// Reads one value; false when the stream is bad (then or before).
template <class T>
bool decode(Reader& from, T& value) {
  Codec<T>::decode(from, value);
  return from.ok();
}

/// One value as the whole stream.
template <class T>
Bytes to_bytes(const T& value) {
  Bytes out;
  BytesSink sink(out);
  Writer to(sink);
  encode(to, value);
  to.finish();
  return out;
}
template <class T>
Result<T> from_bytes(BytesView bytes, const Registry* registry = nullptr, const Limits& limits = {}) {
  Reader from(bytes, limits, registry);
  T value{};
  if (!decode(from, value)) return tl::unexpected<Error>(from.error());
  return value;
}

/// Fields that a newer sender has and this type does not: kept in reading, written again behind the known ones.
struct Extra {
  std::vector<std::pair<std::string, Value>> fields;
  bool operator==(const Extra&) const = default;
};

/// What codec.cc knows of a class: enough to write and read objects without further templates.
struct FieldOps {
  void (*encode)(Writer&, const void*);
  void (*decode)(Reader&, void*);
  bool java_lang;
};
struct Field {
  std::string_view name;
  const FieldOps* ops;
  std::size_t offset;
};
struct ClassInfo {
  std::string_view java_class;
  std::vector<Field> fields;  ///< in the order of the wire
  Definition definition;
  std::size_t extra = kNoExtra;  ///< offset of the member of type Extra
  static constexpr std::size_t kNoExtra = SIZE_MAX;

  /// Puts the fields into the Java writer's order and makes the definition.
  void finish();
};

void encode_object(Writer& to, const ClassInfo& info, const void* object);
/// As above, under another class name (an exception that is not registered, say).
void encode_object_as(Writer& to, std::string_view java_class, const ClassInfo& info, const void* object);
/// Reads an object of exactly that class, or a reference to one.
void decode_object(Reader& from, const ClassInfo& info, void* object);
/// Reads the fields of an object whose class has been looked at, whatever its name.
void decode_fields(Reader& from, const ClassInfo& info, void* object);

/// Runs `read` where the next value stands: behind a reference, at what it refers to.
template <class Fn>
void follow(Reader& from, Fn&& read) {
  if (from.peek() != Kind::kReference) return read();
  const std::uint32_t reference = from.read_reference();
  Reader::Jump jump;
  if (!from.enter(reference, jump)) return;
  read();
  from.leave(jump);
}

namespace detail {

template <class T>
inline constexpr char kTypeTag = 0;  // its address names the type

template <class F>
void decode_field(Reader& from, void* field) {
  F& value = *static_cast<F*>(field);
  if constexpr (Codec<F>::kNullIsEmpty) {
    if (from.try_null()) {
      value = F{};
      return;
    }
  }
  Codec<F>::decode(from, value);
}
template <class F>
void encode_field(Writer& to, const void* field) {
  Codec<F>::encode(to, *static_cast<const F*>(field));
}
template <class F>
inline constexpr FieldOps kFieldOps{&encode_field<F>, &decode_field<F>, Codec<F>::kJavaLang};

constexpr bool is_java_lang(std::string_view java_class) {
  return java_class.starts_with("java.lang.") && java_class.find('.', 10) == std::string_view::npos;
}

}  // namespace detail

/// A struct that is a Java object: an aggregate, or a type described with Boost.Describe.
template <class T>
concept JavaObject = std::is_class_v<T> && requires { std::string_view(T::java_class); } && reflect::Reflectable<T>;

/// The class of T, made at the first use and then shared by all threads.
template <JavaObject T>
const ClassInfo& class_info() {
  static const ClassInfo info = [] {
    ClassInfo made;
    made.java_class = T::java_class;
    T sample{};
    const auto* const begin = reinterpret_cast<const char*>(&sample);
    reflect::for_each_field(sample, [&](auto index, std::string_view, auto& field) {
      using F = std::remove_cvref_t<decltype(field)>;
      const auto offset = static_cast<std::size_t>(reinterpret_cast<const char*>(&field) - begin);
      if constexpr (std::is_same_v<F, Extra>) {
        made.extra = offset;
      } else {
        made.fields.push_back({reflect::wire_names<T>[index], &detail::kFieldOps<F>, offset});
      }
    });
    made.finish();
    return made;
  }();
  return info;
}

// A large class costs each unit that writes or reads it a second or more. SOFA_CLASS_EXTERN(T) where it is declared and
// SOFA_CLASS_CODE(T) in one .cc, both at global scope, have its code compiled once.
#define SOFA_CLASS_EXTERN(T) extern template const sofa::hessian::ClassInfo& sofa::hessian::class_info<T>();
#define SOFA_CLASS_CODE(T) template const sofa::hessian::ClassInfo& sofa::hessian::class_info<T>();

template <JavaObject T>
struct Codec<T> {
  static constexpr bool kJavaLang = detail::is_java_lang(T::java_class);
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = true;
  static std::string array_type() { return T::java_class; }
  static void encode(Writer& to, const T& value) { encode_object(to, class_info<T>(), &value); }
  static void decode(Reader& from, T& value) { decode_object(from, class_info<T>(), &value); }
};

// --- scalars and text

namespace detail {
struct PrimitiveCodec {
  static constexpr bool kJavaLang = true;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
};
template <class T>
struct IntegerCodec : PrimitiveCodec {
  static void encode(Writer& to, T value) { to.write_int(value); }
  static void decode(Reader& from, T& value) {
    value = static_cast<T>(from.read_integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
};
}  // namespace detail

// `boxed_type` is the element name of an array of std::optional, Java's boxed class.
template <>
struct Codec<bool> : detail::PrimitiveCodec {
  static void encode(Writer& to, bool value) { to.write_bool(value); }
  static void decode(Reader& from, bool& value) { value = from.read_bool(); }
  static std::string array_type() { return "boolean"; }
  static std::string boxed_type() { return "java.lang.Boolean"; }
};
template <>
struct Codec<std::int8_t> : detail::IntegerCodec<std::int8_t> {
  static std::string array_type() { return "byte"; }
  static std::string boxed_type() { return "java.lang.Byte"; }
};
template <>
struct Codec<std::int16_t> : detail::IntegerCodec<std::int16_t> {
  static std::string array_type() { return "short"; }
  static std::string boxed_type() { return "java.lang.Short"; }
};
template <>
struct Codec<std::int32_t> : detail::IntegerCodec<std::int32_t> {
  static void decode(Reader& from, std::int32_t& value) { value = from.read_int(); }
  static std::string array_type() { return "int"; }
  static std::string boxed_type() { return "java.lang.Integer"; }
};
template <>
struct Codec<std::int64_t> : detail::PrimitiveCodec {
  static void encode(Writer& to, std::int64_t value) { to.write_long(value); }
  static void decode(Reader& from, std::int64_t& value) { value = from.read_long(); }
  static std::string array_type() { return "long"; }
  static std::string boxed_type() { return "java.lang.Long"; }
};
template <>
struct Codec<float> : detail::PrimitiveCodec {
  static void encode(Writer& to, float value) { to.write_double(value); }
  static void decode(Reader& from, float& value);
  static std::string array_type() { return "float"; }
  static std::string boxed_type() { return "java.lang.Float"; }
};
template <>
struct Codec<double> : detail::PrimitiveCodec {
  static void encode(Writer& to, double value) { to.write_double(value); }
  static void decode(Reader& from, double& value) { value = from.read_double(); }
  static std::string array_type() { return "double"; }
  static std::string boxed_type() { return "java.lang.Double"; }
};
/// A string of one unit.
template <>
struct Codec<char16_t> : detail::PrimitiveCodec {
  static void encode(Writer& to, char16_t value);
  static void decode(Reader& from, char16_t& value);
  static std::string array_type() { return "char"; }
  static std::string boxed_type() { return "java.lang.Character"; }
};
template <>
struct Codec<std::string> {
  static constexpr bool kJavaLang = true;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const std::string& value) { to.write_string(value); }
  static void decode(Reader& from, std::string& value) { from.read_string(value); }
  static std::string array_type() { return "string"; }
};
/// byte[].
template <>
struct Codec<Bytes> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const Bytes& value) { to.write_binary(value); }
  static void decode(Reader& from, Bytes& value);
  static std::string array_type() { return "[byte"; }
};
/// java.lang.Object. (A field of that type stands with the others: the Java writer does not count it as java.lang.)
template <>
struct Codec<Value> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const Value& value) { write_value(to, value); }
  static void decode(Reader& from, Value& value) { value = read_value(from); }
  static std::string array_type() { return "object"; }
};

// --- null and identity

template <class T>
struct Codec<std::optional<T>> {
  static constexpr bool kJavaLang = Codec<T>::kJavaLang;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const std::optional<T>& value) {
    value ? Codec<T>::encode(to, *value) : to.write_null();
  }
  static void decode(Reader& from, std::optional<T>& value) {
    if (from.try_null()) return value.reset();
    Codec<T>::decode(from, value.emplace());
  }
  static std::string array_type() {
    if constexpr (requires { Codec<T>::boxed_type(); }) {
      return Codec<T>::boxed_type();
    } else {
      return Codec<T>::array_type();
    }
  }
};

template <class Pointer>
struct Codec<std::shared_ptr<Pointer>> {
  using T = std::remove_const_t<Pointer>;
  static constexpr bool kJavaLang = Codec<T>::kJavaLang;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static std::string array_type() { return Codec<T>::array_type(); }

  static void encode(Writer& to, const std::shared_ptr<Pointer>& value) {
    if (value == nullptr) return to.write_null();
    if constexpr (Codec<T>::kCompound) {
      if (to.write_if_known(value.get(), &detail::kTypeTag<T>, value)) return;
    }
    Codec<T>::encode(to, *value);
  }
  static void decode(Reader& from, std::shared_ptr<Pointer>& value) { read(from, value, true); }

 protected:
  /// `owning`: the pointer stays with what is being read, so it may not close a cycle. Any cycle of owners has a
  /// reference to an object around it that is still being read, and that is where it is refused.
  static void read(Reader& from, std::shared_ptr<Pointer>& value, bool owning) {
    if (from.try_null()) return value.reset();
    if constexpr (Codec<T>::kCompound) {
      if (from.peek() == Kind::kReference) {
        const std::uint32_t reference = from.read_reference();
        bool being_read = false;
        if (auto known = from.shared(reference, &detail::kTypeTag<T>, &being_read)) {
          if (owning && being_read) {
            return from.fail(HessianError::kMismatch, "a reference would make an object own itself: no tree");
          }
          value = std::static_pointer_cast<T>(std::move(known));
          return;
        }
        Reader::Jump jump;
        if (!from.enter(reference, jump)) return;
        read_new(from, value);
        return from.leave(jump);
      }
    }
    read_new(from, value);
  }

 private:
  static void read_new(Reader& from, std::shared_ptr<Pointer>& value) {
    auto made = std::make_shared<T>();
    const std::uint32_t reference = from.references();
    if constexpr (Codec<T>::kCompound) from.share(reference, &detail::kTypeTag<T>, made);
    value = made;
    Codec<T>::decode(from, *made);
    if constexpr (Codec<T>::kCompound) from.shared_is_read(reference, &detail::kTypeTag<T>);
  }
};

/// A way back in a graph: written as what it points to, or null when that is gone.
template <class T>
struct Codec<std::weak_ptr<T>> : Codec<std::shared_ptr<T>> {
  static void encode(Writer& to, const std::weak_ptr<T>& value) { Codec<std::shared_ptr<T>>::encode(to, value.lock()); }
  static void decode(Reader& from, std::weak_ptr<T>& value) {
    std::shared_ptr<T> strong;
    Codec<std::shared_ptr<T>>::read(from, strong, false);
    value = strong;
  }
};

template <class T>
struct Codec<std::unique_ptr<T>> {
  static constexpr bool kJavaLang = Codec<T>::kJavaLang;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static std::string array_type() { return Codec<T>::array_type(); }
  static void encode(Writer& to, const std::unique_ptr<T>& value) {
    value ? Codec<T>::encode(to, *value) : to.write_null();
  }
  static void decode(Reader& from, std::unique_ptr<T>& value) {
    if (from.try_null()) return value.reset();
    value = std::make_unique<T>();
    Codec<T>::decode(from, *value);
  }
};

// --- enums

/// A Java enum: on the wire an object of its class with one field, `name`.
class EnumInfo {
 public:
  struct Constant {
    std::string name;
    std::int64_t value;
  };
  /// `names` as the macro spells them: "CNY, USD".
  EnumInfo(std::string_view java_class, std::string_view names, std::span<const std::int64_t> values);
  template <class E>
  static EnumInfo of(std::string_view java_class, std::string_view names, std::initializer_list<E> constants) {
    std::vector<std::int64_t> values;
    for (const E constant : constants) values.push_back(static_cast<std::int64_t>(constant));
    return {java_class, names, values};
  }

  /// Java's constants are single objects: a second one in a stream is a reference to the first.
  void encode(Writer& to, std::int64_t value) const;
  std::int64_t decode(Reader& from) const;
  /// Empty for a number that the enum has no name for.
  std::string_view name(std::int64_t value) const;
  std::string_view java_class() const { return java_class_; }
  const std::vector<Constant>& constants() const { return constants_; }

 private:
  std::string_view java_class_;
  std::vector<Constant> constants_;
  Definition definition_;
};

/// Declares a C++ enum as a Java one; at namespace scope, where the enum is. The constants are listed by name.
#define SOFA_JAVA_ENUM(Enum, java_name, ...)                                         \
  constexpr std::string_view java_class_of(Enum) {                                   \
    return java_name;                                                                \
  }                                                                                  \
  inline const ::sofa::hessian::EnumInfo& java_enum(Enum) {                          \
    using enum Enum;                                                                 \
    static const ::sofa::hessian::EnumInfo info =                                    \
        ::sofa::hessian::EnumInfo::of<Enum>(java_name, #__VA_ARGS__, {__VA_ARGS__}); \
    return info;                                                                     \
  }                                                                                  \
  static_assert(true)

template <class E>
concept JavaEnum = std::is_enum_v<E> && requires(E e) { java_enum(e); };

template <JavaEnum E>
struct Codec<E> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, E value) { java_enum(value).encode(to, static_cast<std::int64_t>(value)); }
  static void decode(Reader& from, E& value) { value = static_cast<E>(java_enum(value).decode(from)); }
  static std::string array_type() { return std::string(java_class_of(E{})); }
};

}  // namespace sofa::hessian
