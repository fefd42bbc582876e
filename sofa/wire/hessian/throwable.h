// Java exceptions: C++ exception types with the fields of the Java class.
//
//   struct InsufficientFunds : hessian::Exception<InsufficientFunds> {
//     static constexpr auto java_class = "dev.sofa.bank.InsufficientFundsException";
//     std::optional<std::string> account;
//     std::optional<Decimal> missing;
//   };
//   BOOST_DESCRIBE_STRUCT(InsufficientFunds, (sofa::hessian::Throwable), (account, missing))
//
//   Registry registry;
//   registry.add<InsufficientFunds>();
//   std::shared_ptr<Throwable> thrown = read_throwable(reader);    // with the reader's registry
//   thrown->raise();                                               // throws InsufficientFunds
//
// Only registered classes are built; any other exception becomes a RemoteException, with its class, message, stack and
// own fields as values. Written, it is the same exception again.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/describe/class.hpp>

#include "sofa/wire/hessian/codec.h"
#include "sofa/wire/hessian/containers.h"

namespace sofa::hessian {

/// One call on a Java stack. JDK 8 sends the last four fields only.
struct StackTraceElement {
  static constexpr auto java_class = "java.lang.StackTraceElement";
  std::optional<std::string> class_loader_name;
  std::optional<std::string> module_name;
  std::optional<std::string> module_version;
  std::optional<std::string> declaring_class;
  std::optional<std::string> method_name;
  std::optional<std::string> file_name;
  std::int32_t line_number = 0;
  bool operator==(const StackTraceElement&) const = default;
};

/// Apart, so that not every unit with an exception compiles the lists and strings of a stack.
template <>
struct Codec<Array<StackTraceElement>> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = true;
  static void encode(Writer& to, const Array<StackTraceElement>& value);
  static void decode(Reader& from, Array<StackTraceElement>& value);
};

class Throwable;

/// What a Throwable's cause is on the wire: a reference to the exception itself where there is none.
struct Cause {
  std::shared_ptr<Throwable> value;
};
/// suppressedExceptions; an empty one is the JDK's own empty list.
struct Suppressed {
  std::vector<std::shared_ptr<Throwable>> values;
};

class Throwable : public std::exception {
 public:
  static constexpr auto java_class = "java.lang.Throwable";

  Throwable();
  Throwable(const Throwable& other);
  Throwable(Throwable&& other) noexcept;
  Throwable& operator=(const Throwable& other);
  Throwable& operator=(Throwable&& other) noexcept;
  ~Throwable() override;

  std::optional<std::string> detail_message;
  Cause cause;
  Array<StackTraceElement> stack_trace;
  Suppressed suppressed_exceptions;

  const std::string& message() const;
  const char* what() const noexcept override { return message().c_str(); }
  /// The class that it is on the wire.
  virtual std::string_view java_class_name() const { return java_class; }
  virtual const ClassInfo& java_info() const;
  /// This object as the type that java_info() describes.
  virtual const void* java_object() const { return this; }
  /// Throws this exception as what it is.
  [[noreturn]] virtual void raise() const { throw *this; }

  BOOST_DESCRIBE_CLASS(Throwable, (), (detail_message, cause, stack_trace, suppressed_exceptions), (), ())
};

template <>
struct Codec<Cause> {
  static constexpr bool kJavaLang = true;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const Cause& value);
  static void decode(Reader& from, Cause& value);
};
template <>
struct Codec<Suppressed> {
  static constexpr bool kJavaLang = false;
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static void encode(Writer& to, const Suppressed& value);
  static void decode(Reader& from, Suppressed& value);
};

/// Base of exceptions with a Java class. `Self` is described with Boost.Describe, Throwable as its base.
template <class Self, class Base = Throwable>
class Exception : public Base {
 public:
  std::string_view java_class_name() const override { return Self::java_class; }
  const ClassInfo& java_info() const override { return class_info<Self>(); }
  const void* java_object() const override { return static_cast<const Self*>(this); }
  [[noreturn]] void raise() const override { throw static_cast<const Self&>(*this); }

 private:
  Exception() = default;
  friend Self;
};

/// An exception of a class that is not registered here.
class RemoteException : public Exception<RemoteException> {
 public:
  static constexpr auto java_class = "";
  std::string class_name;  ///< the Java class
  Extra fields;            ///< its own fields

  /// An exception to throw at a Java caller for which there is no C++ type here: of("java.lang.IllegalStateException",
  /// …).
  static RemoteException of(std::string java_name, std::string message);

  std::string_view java_class_name() const override { return class_name; }

  BOOST_DESCRIBE_CLASS(RemoteException, (Throwable), (fields), (), ())
};

/// The Java classes that may be built where the C++ type leaves a choice: exceptions. One is usually made at start-up
/// and then shared, unchanged, by all threads.
class Registry {
 public:
  template <std::derived_from<Throwable> T>
  Registry& add() {
    return add(T::java_class, [] { return std::shared_ptr<Throwable>(std::make_shared<T>()); });
  }
  /// A new, empty exception of that class; null where it is not registered.
  std::shared_ptr<Throwable> make(std::string_view java_class) const;

  Registry();
  Registry(const Registry& other);
  Registry(Registry&& other) noexcept;
  Registry& operator=(const Registry& other);
  Registry& operator=(Registry&& other) noexcept;
  ~Registry();

 private:
  using Make = std::shared_ptr<Throwable> (*)();
  Registry& add(std::string_view java_class, Make make);

  std::unordered_map<std::string, Make> makers_;
};

/// Writes an exception under its own class. Within one writer the same object (also as somebody's cause) is a
/// reference, so what is passed by reference must outlive the writer.
void write_throwable(Writer& to, const Throwable& value);
void write_throwable(Writer& to, const std::shared_ptr<const Throwable>& value);
/// Reads an object as an exception. Null when the value is null (or the reader bad). A chain of causes that leads back
/// to an exception that is still being read ends there, so no cycle of owners comes about.
std::shared_ptr<Throwable> read_throwable(Reader& from);
/// Whether the next value is an object that looks like an exception: its class has a detailMessage and a stackTrace.
bool at_throwable(Reader& from);

namespace detail {
/// Reads an exception's fields into an object that is no shared_ptr's.
void decode_throwable_value(Reader& from, const ClassInfo& info, void* object);
}  // namespace detail

template <JavaObject T>
  requires std::derived_from<T, Throwable>
struct Codec<T> {
  static constexpr bool kJavaLang = detail::is_java_lang(T::java_class);
  static constexpr bool kNullIsEmpty = false;
  static constexpr bool kCompound = false;
  static std::string array_type() { return T::java_class; }
  static void encode(Writer& to, const T& value) { write_throwable(to, value); }
  static void decode(Reader& from, T& value) { detail::decode_throwable_value(from, class_info<T>(), &value); }
};

template <class T>
  requires std::derived_from<T, Throwable>
struct Codec<std::shared_ptr<T>> {
  static constexpr bool kJavaLang = detail::is_java_lang(T::java_class);
  static constexpr bool kNullIsEmpty = true;
  static constexpr bool kCompound = false;
  static std::string array_type() { return T::java_class; }
  static void encode(Writer& to, const std::shared_ptr<T>& value) { write_throwable(to, value); }
  static void decode(Reader& from, std::shared_ptr<T>& value) {
    auto read = read_throwable(from);
    value = std::dynamic_pointer_cast<T>(read);
    if (read != nullptr && value == nullptr) {
      from.unregistered(read->java_class_name(), T::java_class);
    }
  }
};

}  // namespace sofa::hessian
