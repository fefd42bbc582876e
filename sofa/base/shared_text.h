// SharedText: text that does not change and that its copies share: for what many objects say the same of, as the name
// of an application whose connections there are thousands of.
//
//   SharedText app("teller");
//   SharedText same = app;                                   // no second text
//   if (same.text() == "teller") …                           // or where a const std::string& is wanted
//
// Ownership: copies count references. Threads: immutable, so any thread may read and copy it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace sofa {

class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string_view text)
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(text)) {}

  const std::string& text() const {
    static const std::string kEmpty;
    return text_ ? *text_ : kEmpty;
  }
  operator const std::string&() const { return text(); }
  bool empty() const { return !text_; }

 private:
  std::shared_ptr<const std::string> text_;  // null: empty
};

/// The texts that came last, so that the same one is held once. Bounded: a text may push out another, and a long one is
/// not kept. One thread.
class SharedTexts {
 public:
  SharedText of(std::string_view text) {
    if (text.size() > kLongest) return SharedText(text);
    SharedText& place = places_[std::hash<std::string_view>()(text) % places_.size()];
    if (place.text() != text) place = SharedText(text);
    return place;
  }

 private:
  static constexpr std::size_t kLongest = 128;
  std::array<SharedText, 64> places_;
};

}  // namespace sofa
