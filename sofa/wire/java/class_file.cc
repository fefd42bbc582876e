#include "sofa/wire/java/class_file.h"

#include <algorithm>
#include <string_view>

#include "sofa/base/mutant.h"
#include "sofa/wire/java/type.h"

namespace sofa::java {
namespace {

constexpr std::uint32_t kMagic = 0xcafebabe;

/// Big-endian numbers one by one. Beyond the end they are 0, and ok() is false from then on.
class Cursor {
 public:
  explicit Cursor(BytesView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::uint8_t u1() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u2() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u4() { return number(4); }
  BytesView take(std::size_t size) {
    if (!ok_ || size > left()) {
      ok_ = false;
      return {};
    }
    const BytesView part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  /// A count of things of at least `least` bytes each; 0 where they cannot be there.
  std::uint16_t count(std::size_t least) {
    const std::uint16_t n = u2();
    if (ok_ && n * least <= left()) return n;
    ok_ = false;
    return 0;
  }

 private:
  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }

  BytesView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// The constants of a class: where each stands. Only text (Utf8) and classes are ever looked up.
class Constants {
 public:
  enum Tag : std::uint8_t {
    kUtf8 = 1,
    kInteger = 3,
    kFloat = 4,
    kLong = 5,
    kDouble = 6,
    kClass = 7,
    kString = 8,
    kField = 9,
    kMethod = 10,
    kInterfaceMethod = 11,
    kNameAndType = 12,
    kMethodHandle = 15,
    kMethodType = 16,
    kDynamic = 17,
    kInvokeDynamic = 18,
    kModule = 19,
    kPackage = 20,
  };

  bool read(Cursor& from, BytesView whole) {
    whole_ = whole;
    const std::uint16_t count = from.count(1);
    if (count == 0) return false;
    at_.assign(count, 0);
    for (std::uint16_t i = 1; i < count && from.ok(); ++i) {
      at_[i] = static_cast<std::uint32_t>(from.at());
      const std::uint8_t tag = from.u1();
      if (tag == kUtf8) {
        from.take(from.u2());
        continue;
      }
      const std::size_t size = size_of(tag);
      if (size == 0) return false;
      from.take(size);
      // The two wide ones take two numbers (JVMS 4.4.5).
      if ((tag == kLong || tag == kDouble) && !SOFA_MUTANT("wide-constant-one-slot")) ++i;
    }
    return from.ok();
  }

  /// Text of constant `i`; null where it is none.
  bool text(std::uint16_t i, std::string_view& out) const {
    Cursor from(at(i, kUtf8));
    if (from.left() == 0) return false;
    from.u1();
    out = as_text(from.take(from.u2()));
    return from.ok();
  }
  /// The text that constant `i`, a class, names.
  bool class_text(std::uint16_t i, std::string_view& out) const {
    Cursor from(at(i, kClass));
    if (from.left() == 0) return false;
    from.u1();
    return text(from.u2(), out);
  }

 private:
  static std::size_t size_of(std::uint8_t tag) {
    switch (tag) {
      case kClass:
      case kString:
      case kMethodType:
      case kModule:
      case kPackage:
        return 2;
      case kMethodHandle:
        return 3;
      case kInteger:
      case kFloat:
      case kField:
      case kMethod:
      case kInterfaceMethod:
      case kNameAndType:
      case kDynamic:
      case kInvokeDynamic:
        return 4;
      case kLong:
      case kDouble:
        return 8;
      default:
        return 0;
    }
  }

  /// The bytes from constant `i` on; empty where it is not of that kind.
  BytesView at(std::uint16_t i, Tag tag) const {
    if (i >= at_.size() || at_[i] == 0 || whole_[at_[i]] != tag) return {};
    return whole_.subspan(at_[i]);
  }

  BytesView whole_;
  std::vector<std::uint32_t> at_;
};

class ClassReader {
 public:
  explicit ClassReader(BytesView bytes) : bytes_(bytes), from_(bytes), budget_(bytes.size() * kMostRepeated) {}

  Result<ClassFile> read() {
    if (from_.u4() != kMagic) return fail(JavaError::kNotAClass, "a class file starts with cafebabe");
    from_.u4();  // version
    if (!constants_.read(from_, bytes_)) return bad("its constants are damaged");
    made_.access = from_.u2();
    made_.name = class_name(from_.u2());
    if (made_.name.empty()) return bad("it has no name");
    if (const std::uint16_t parent = from_.u2()) made_.parent = class_name(parent);
    made_.interfaces = class_names();
    members(made_.fields);
    members(made_.methods);
    attributes([this](std::string_view name, Cursor& body) { class_attribute(name, body); });
    if (!from_.ok()) return fail(JavaError::kNotAClass, "{} is cut off", made_.name);
    if (!sound_) return bad("a constant is not what its place needs");
    return std::move(made_);
  }

 private:
  tl::unexpected<Error> bad(std::string_view why) const {
    return fail(JavaError::kBadClass, "the class file {} contradicts itself: {}", made_.name, why);
  }

  /// Text that is kept, so its size is charged.
  std::string keep(std::string_view text) {
    const bool harmless = is_harmless(text) || SOFA_MUTANT("names-unjudged");
    if (text.size() > budget_ || !harmless) {
      sound_ = false;
      return {};
    }
    budget_ -= text.size();
    return std::string(text);
  }
  std::string text(std::uint16_t i) {
    std::string_view found;
    if (!constants_.text(i, found)) sound_ = false;
    return keep(found);
  }
  std::string class_name(std::uint16_t i) {
    std::string_view found;
    if (!constants_.class_text(i, found)) sound_ = false;
    return dotted(keep(found));
  }
  std::vector<std::string> class_names(Cursor& from) {
    std::vector<std::string> names;
    for (std::uint16_t n = from.count(2); n > 0 && sound_; --n) names.push_back(class_name(from.u2()));
    return names;
  }
  std::vector<std::string> class_names() { return class_names(from_); }

  /// visit(name, body) for each attribute that follows.
  template <class Visit>
  void attributes(Visit visit) {
    for (std::uint16_t n = from_.count(6); n > 0 && from_.ok(); --n) {
      std::string_view name;
      if (!constants_.text(from_.u2(), name)) sound_ = false;
      Cursor body(from_.take(from_.u4()));
      visit(name, body);
      sound_ = sound_ && body.ok();
    }
  }

  void members(std::vector<Member>& all) {
    const std::uint16_t count = from_.count(8);
    all.reserve(count);
    for (std::uint16_t i = 0; i < count && from_.ok() && sound_; ++i) {
      Member member;
      member.access = from_.u2();
      member.name = text(from_.u2());
      member.type = text(from_.u2());
      attributes([&](std::string_view name, Cursor& body) {
        if (name == "Signature") member.signature = text(body.u2());
        if (name == "Exceptions") member.throws = class_names(body);
        if (name == "MethodParameters") {
          for (std::uint8_t n = body.u1(); n > 0 && body.ok() && sound_; --n) {
            const std::uint16_t named = body.u2();
            member.parameters.push_back(named == 0 ? std::string() : text(named));
            body.u2();
          }
        }
      });
      all.push_back(std::move(member));
    }
  }

  void class_attribute(std::string_view name, Cursor& body) {
    if (name == "Signature") made_.signature = text(body.u2());
    if (name != "InnerClasses") return;
    for (std::uint16_t n = body.count(8); n > 0 && sound_; --n) {
      std::string_view inner;
      if (!constants_.class_text(body.u2(), inner)) sound_ = false;
      const std::uint16_t outer = body.u2();
      const std::uint16_t inner_name = body.u2();
      const std::uint16_t access = body.u2();
      if (dotted(inner) != made_.name) continue;
      made_.is_local = outer == 0 || inner_name == 0;
      if (outer != 0) made_.outer = class_name(outer);
      if (inner_name != 0) made_.inner_name = text(inner_name);
      // What the source said; the class's own flags know neither private nor static.
      made_.access = access;
    }
  }

  BytesView bytes_;
  Cursor from_;
  std::size_t budget_;
  Constants constants_;
  ClassFile made_;
  bool sound_ = true;
};

}  // namespace

Result<ClassFile> read_class(BytesView bytes) {
  return ClassReader(bytes).read();
}

}  // namespace sofa::java
