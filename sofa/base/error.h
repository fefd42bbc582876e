// Error: what every failing operation gives back, and Result<T>, which carries it.
//
// Inside the product functions return Result<T> and never throw. At the user's edge an Error (or a class derived from
// it) is thrown: it is a std::exception whose what() says what was tried, what came back and what to do.
//
//   enum class DiskError { kFull = 1, kGone };
//   const ErrorPart& error_part(DiskError);                       // found by argument-dependent lookup
//   Result<int> half(int x) {
//     if (x % 2) return fail(DiskError::kFull, "cannot halve {}: pass an even number", x);
//     return x / 2;
//   }
//   Result<int> quarter(int x) { SOFA_TRY(int h, half(x)); return half(h); }
//
// Ownership: an Error is one shared pointer, cheap to copy. Threads: immutable once made, so any thread may read it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>
#include <tl/expected.hpp>

namespace sofa {

/// The part of the product that a code belongs to, and the names of its codes. One static object a part.
struct ErrorPart {
  std::string_view name;
  std::string_view (*code_name)(int code);
};

/// An enum that has an `error_part` found by argument-dependent lookup. 0 is never an error.
template <class E>
concept ErrorEnum = std::is_enum_v<E> && requires(E e) {
  { error_part(e) } -> std::same_as<const ErrorPart&>;
};

enum class Retriable : bool { kNo = false, kYes = true };

class Error : public std::exception {
 public:
  template <ErrorEnum E>
  Error(E code, std::string message, Retriable retriable = Retriable::kNo)
      : Error(error_part(code), static_cast<int>(code), std::move(message), retriable) {}
  Error(const ErrorPart& part, int code, std::string message, Retriable retriable = Retriable::kNo);

  template <ErrorEnum E>
  bool is(E code) const noexcept {
    return &error_part(code) == &part() && static_cast<int>(code) == this->code();
  }
  const ErrorPart& part() const noexcept;
  int code() const noexcept;
  std::string_view code_name() const noexcept;
  bool retriable() const noexcept;
  const std::string& message() const noexcept;
  /// The error that led to this one, or null.
  const Error* cause() const noexcept;
  /// The exception that this error stands for, where a user's code (or a peer's business code) threw one; else null.
  const std::exception_ptr& thrown() const noexcept;

  Error caused_by(Error cause) &&;
  Error carrying(std::exception_ptr thrown) &&;

  /// Throws `thrown()` where there is one, otherwise this error itself.
  [[noreturn]] void raise() const;

  /// `part/code: message (caused by …)`.
  const char* what() const noexcept override;

 private:
  struct Body;
  std::shared_ptr<const Body> body_;
};

template <class T>
using Result = tl::expected<T, Error>;

/// A failed Result: `return fail(Code::kX, "what {} where", arg)`. The message is not built for a success.
template <ErrorEnum E, class... Args>
[[nodiscard]] tl::unexpected<Error> fail(E code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace sofa

// SOFA_TRY(auto value, expression): takes the value of a Result, or returns its error from this function.
// SOFA_TRY_VOID(expression): the same for a Result<void>.
#define SOFA_CONCAT_(a, b) a##b
#define SOFA_CONCAT(a, b) SOFA_CONCAT_(a, b)
#define SOFA_TRY_(tmp, declaration, ...)                          \
  auto tmp = (__VA_ARGS__);                                       \
  if (!tmp) [[unlikely]]                                          \
    return tl::unexpected<::sofa::Error>(std::move(tmp).error()); \
  declaration = *std::move(tmp)
#define SOFA_TRY(declaration, ...) SOFA_TRY_(SOFA_CONCAT(sofa_try_, __LINE__), declaration, __VA_ARGS__)
#define SOFA_TRY_VOID(...)                                               \
  do {                                                                   \
    if (auto sofa_try = (__VA_ARGS__); !sofa_try) [[unlikely]]           \
      return tl::unexpected<::sofa::Error>(std::move(sofa_try).error()); \
  } while (false)
