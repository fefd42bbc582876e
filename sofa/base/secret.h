// Secret: text that must not show: a password, a token, a key. It prints and logs as ***; `reveal` is the only way in,
// so a search for that word finds every use.
//
//   Secret password("x");
//   log::info("signing in, password={}", password);     // password=***
//
// Ownership: a value; its memory is overwritten when it ends. Threads: as std::string.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace sofa {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(Secret other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() { wipe(); }

  /// The text itself, for handing it to whoever needs it and to nobody else.
  const std::string& reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

 private:
  void wipe() noexcept {
    for (volatile char& c : text_) c = 0;
    text_.clear();
  }
  std::string text_;
};

}  // namespace sofa

template <>
struct fmt::formatter<sofa::Secret> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  template <class Context>
  auto format(const sofa::Secret&, Context& context) const {
    return fmt::format_to(context.out(), "***");
  }
};
