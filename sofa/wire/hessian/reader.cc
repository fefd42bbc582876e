#include "sofa/wire/hessian/reader.h"

#include <bit>
#include <cmath>
#include <unordered_map>

#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {

struct Reader::Remembered {
  struct Entry {
    const void* type;
    std::shared_ptr<void> object;
  };
  std::unordered_multimap<std::uint32_t, Entry> objects;
};

struct Reader::Number {
  bool real = false;
  std::int64_t integer = 0;
  double floating = 0;
};

// First bytes of values: facts of the dialect, section 3.
const std::array<Kind, 256> Reader::kKinds = [] {
  std::array<Kind, 256> kinds{};
  kinds.fill(Kind::kBad);
  const auto range = [&](int from, int to, Kind kind) {
    for (int i = from; i <= to; ++i) kinds[static_cast<std::size_t>(i)] = kind;
  };
  range(0x00, 0x1f, Kind::kString);
  range(0x20, 0x2f, Kind::kBinary);
  range(0x38, 0x3f, Kind::kLong);
  range(0x80, 0xd7, Kind::kInt);
  range(0xd8, 0xff, Kind::kLong);
  range(0x67, 0x6b, Kind::kDouble);
  for (const char c : {'S', 's', 'X', 'x'}) kinds[static_cast<std::size_t>(c)] = Kind::kString;
  for (const char c : {'B', 'b'}) kinds[static_cast<std::size_t>(c)] = Kind::kBinary;
  for (const char c : {'V', 'v'}) kinds[static_cast<std::size_t>(c)] = Kind::kList;
  for (const char c : {'J', 'K', 'R'}) kinds[static_cast<std::size_t>(c)] = Kind::kReference;
  for (const char c : {'T', 'F'}) kinds[static_cast<std::size_t>(c)] = Kind::kBool;
  for (const char c : {'L', 'w'}) kinds[static_cast<std::size_t>(c)] = Kind::kLong;
  kinds['N'] = Kind::kNull;
  kinds['I'] = Kind::kInt;
  kinds['D'] = Kind::kDouble;
  kinds['d'] = Kind::kDate;
  kinds['M'] = Kind::kMap;
  kinds['o'] = Kind::kObject;
  kinds['O'] = Kind::kDefinition;
  kinds['z'] = Kind::kClose;
  return kinds;
}();

std::string_view kind_name(Kind kind) {
  static constexpr std::string_view kNames[] = {"the end of the input",
                                                "null",
                                                "a boolean",
                                                "an int",
                                                "a long",
                                                "a double",
                                                "a date",
                                                "a string",
                                                "a binary",
                                                "a list",
                                                "a map",
                                                "an object",
                                                "a reference",
                                                "an end mark",
                                                "a class definition",
                                                "an unknown tag"};
  return kNames[static_cast<std::size_t>(kind)];
}

Reader::Reader(BytesView bytes, const Limits& limits, const Registry* registry)
    : begin_(bytes.data()), cur_(begin_), end_(begin_ + bytes.size()), registry_(registry), limits_(limits) {
  if (bytes.size() >= UINT32_MAX) fail(HessianError::kLimit, "the input is 4 GiB or more");
}
Reader::~Reader() = default;

Error Reader::error() const {
  return *error_;
}

void Reader::fail(HessianError code, std::string what) {
  if (!ok()) return;
  code_ = static_cast<int>(code);
  error_ = std::make_unique<Error>(code, fmt::format("{} at byte {} of {}", what, offset(), end_ - begin_));
  cur_ = end_;
}

void Reader::mismatch(std::string_view wanted) {
  if (!ok()) return;
  const Kind found = peek();
  if (found == Kind::kEnd) return fail(HessianError::kTruncated, fmt::format("the input ends before {}", wanted));
  const auto code = found == Kind::kBad || found == Kind::kClose ? HessianError::kBadTag : HessianError::kMismatch;
  const std::string_view class_name = found == Kind::kObject ? peek_class() : std::string_view();
  fail(code, fmt::format("found {}{}{}, wanted {}", kind_name(found), class_name.empty() ? "" : " of class ",
                         class_name, wanted));
}

bool Reader::need(std::size_t bytes) {
  if (static_cast<std::size_t>(end_ - cur_) >= bytes) [[likely]]
    return true;
  fail(HessianError::kTruncated, "the input ends inside a value");
  return false;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | *cur_++;
  return value;
}

// --- scalars

bool Reader::read_bool() {
  switch (peek()) {
    case Kind::kBool:
      return *cur_++ == 'T';
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kDouble:
      return read_double() != 0;
    default:
      mismatch("a boolean");
      return false;
  }
}

bool Reader::read_number(Number& out) {
  const Kind kind = peek();
  if (kind != Kind::kInt && kind != Kind::kLong && kind != Kind::kDouble) return false;
  const std::uint8_t tag = *cur_;
  const auto fixed = [&](std::size_t bytes) -> std::uint64_t {
    if (!need(bytes + 1)) return 0;
    ++cur_;
    return big_endian(bytes);
  };
  // Compact forms: the tag's distance from its zero is the high part of the number.
  const auto compact = [&](int zero, std::size_t bytes) {
    const auto low = static_cast<std::int64_t>(fixed(bytes));
    out.integer = (static_cast<std::int64_t>(tag) - zero) * (std::int64_t{1} << (8 * bytes)) + low;
  };
  const auto real = [&](double value) {
    out.real = true;
    out.floating = value;
  };
  if (tag >= 0xf0) {
    compact(0xf8, 1);
  } else if (tag >= 0xd8) {
    compact(0xe0, 0);
  } else if (tag >= 0xd0) {
    compact(0xd4, 2);
  } else if (tag >= 0xc0) {
    compact(0xc8, 1);
  } else if (tag >= 0x80) {
    compact(0x90, 0);
  } else if (tag <= 0x3f) {
    compact(0x3c, 2);
  } else {
    switch (tag) {
      case 'I':
      case 'w':
        out.integer = static_cast<std::int32_t>(fixed(4));
        break;
      case 'L':
        out.integer = static_cast<std::int64_t>(fixed(8));
        break;
      case 'g':
        ++cur_, real(0.0);
        break;
      case 'h':
        ++cur_, real(1.0);
        break;
      case 'i':
        real(static_cast<std::int8_t>(fixed(1)));
        break;
      case 'j':
        real(static_cast<std::int16_t>(fixed(2)));
        break;
      case 'k':
        real(std::bit_cast<float>(static_cast<std::uint32_t>(fixed(4))));
        break;
      default:
        real(std::bit_cast<double>(fixed(8)));
        break;
    }
  }
  return ok();
}

std::int64_t Reader::read_integer(std::int64_t low, std::int64_t high) {
  Number number;
  if (!read_number(number)) return mismatch("an integer"), 0;
  if (number.real) {
    // 2^63 is exact as a double; anything below it in magnitude converts without loss of its integral part.
    if (!(std::fabs(number.floating) < 0x1p63) || number.floating != std::trunc(number.floating)) {
      return fail(HessianError::kRange, fmt::format("{} is no integer", number.floating)), 0;
    }
    number.integer = static_cast<std::int64_t>(number.floating);
  }
  if (number.integer < low || number.integer > high) {
    return fail(HessianError::kRange, fmt::format("{} is not between {} and {}", number.integer, low, high)), 0;
  }
  return number.integer;
}

double Reader::read_double() {
  Number number;
  if (!read_number(number)) return mismatch("a number"), 0;
  return number.real ? number.floating : static_cast<double>(number.integer);
}

std::int64_t Reader::read_date() {
  if (peek() != Kind::kDate) return mismatch("a date"), 0;
  if (!need(9)) return 0;
  ++cur_;
  return static_cast<std::int64_t>(big_endian(8));
}

// --- text and binary

/// Walks the chunks of a string or binary: calls chunk(length, final), which moves past the data.
template <class Chunk>
bool Reader::chunks(std::string_view wanted, Chunk&& chunk) {
  const Kind kind = peek();
  if (kind != Kind::kString && kind != Kind::kBinary) return mismatch(wanted), false;
  while (true) {
    if (cur_ == end_ || kKinds[*cur_] != kind) {
      return fail(cur_ == end_ ? HessianError::kTruncated : HessianError::kBadTag, "a chunk is missing"), false;
    }
    const std::uint8_t tag = *cur_;
    std::size_t length = tag & 0x1f;
    bool last = true;
    if (tag >= 0x40) {
      if (!need(3)) return false;
      ++cur_;
      length = static_cast<std::size_t>(big_endian(2));
      last = tag < 'a';
    } else {
      ++cur_;
      if (kind == Kind::kBinary) length = tag & 0x0f;
    }
    if (!chunk(length, last)) return false;
    if (last) return true;
  }
}

std::string_view Reader::read_text(std::string& scratch) {
  if (peek() != Kind::kString) return mismatch("a string"), std::string_view();
  scratch.clear();
  std::string_view whole;
  bool first = true;
  std::size_t bytes = 0;
  chunks("a string", [&](std::size_t units, bool last) {
    const text::Scan scan = text::scan(cur_, end_, units);
    if (scan.end == nullptr) {
      fail(static_cast<std::size_t>(end_ - cur_) < units ? HessianError::kTruncated : HessianError::kBadText,
           fmt::format("a string of {} units is cut or malformed", units));
      return false;
    }
    bytes += static_cast<std::size_t>(scan.end - cur_);
    if (bytes > limits_.max_length) {
      fail(HessianError::kLimit, fmt::format("a string is longer than {} bytes", limits_.max_length));
      return false;
    }
    if (first && last && scan.utf8) {
      whole = {reinterpret_cast<const char*>(cur_), static_cast<std::size_t>(scan.end - cur_)};
    } else {
      text::append(scratch, cur_, scan.end);
      if (last) whole = scratch;
    }
    first = false;
    cur_ = scan.end;
    return true;
  });
  return ok() ? whole : std::string_view();
}

void Reader::read_string(std::string& out) {
  const std::string_view text = read_text(out);
  if (text.data() != out.data()) out.assign(text);
}

std::string Reader::read_string() {
  std::string out;
  read_string(out);
  return out;
}

BytesView Reader::read_binary(Bytes& scratch) {
  if (peek() != Kind::kBinary) return mismatch("a binary"), BytesView();
  scratch.clear();
  BytesView whole;
  bool first = true;
  chunks("a binary", [&](std::size_t length, bool last) {
    if (!need(length)) return false;
    if (scratch.size() + length > limits_.max_length) {
      fail(HessianError::kLimit, fmt::format("a binary is longer than {} bytes", limits_.max_length));
      return false;
    }
    if (first && last) {
      whole = {cur_, length};
    } else {
      scratch.insert(scratch.end(), cur_, cur_ + length);
      if (last) whole = scratch;
    }
    first = false;
    cur_ += length;
    return true;
  });
  return ok() ? whole : BytesView();
}

// --- names, types, classes

std::string_view Reader::read_raw_name(std::size_t units) {
  const text::Scan scan = text::scan(cur_, end_, units);
  if (scan.end == nullptr) {
    fail(static_cast<std::size_t>(end_ - cur_) < units ? HessianError::kTruncated : HessianError::kBadText,
         "a name is cut or malformed");
    return {};
  }
  const std::string_view name(reinterpret_cast<const char*>(cur_), static_cast<std::size_t>(scan.end - cur_));
  if (name.size() > limits_.max_name) {
    fail(HessianError::kLimit, fmt::format("a name is longer than {} bytes", limits_.max_name));
    return {};
  }
  cur_ = scan.end;
  return name;
}

/// A field name: a string in one chunk.
std::string_view Reader::read_name() {
  if (cur_ == end_) return need(1), std::string_view();
  const std::uint8_t tag = *cur_;
  if (tag <= 0x1f) {
    ++cur_;
    return read_raw_name(tag);
  }
  if (tag != 'S') return fail(HessianError::kBadTag, "a field name is no string in one chunk"), std::string_view();
  if (!need(3)) return {};
  ++cur_;
  return read_raw_name(static_cast<std::size_t>(big_endian(2)));
}

void Reader::read_definition() {
  const bool again = next_class_ < classes_.size();
  if (again) {
    cur_ = begin_ + classes_[next_class_++].end_at;
    return;
  }
  if (classes_.size() >= std::min<std::size_t>(limits_.max_classes, UINT16_MAX)) {
    return fail(HessianError::kLimit, fmt::format("more than {} classes", limits_.max_classes));
  }
  ++cur_;
  ClassDef def{};
  def.name = read_raw_name(static_cast<std::size_t>(read_integer(0, UINT16_MAX)));
  def.field_count = static_cast<std::uint32_t>(read_integer(0, INT32_MAX));
  if (def.field_count > limits_.max_fields) {
    return fail(HessianError::kLimit, fmt::format("a class of {} fields", def.field_count));
  }
  def.fields_at = static_cast<std::uint32_t>(offset());
  for (std::uint32_t i = 0; i < def.field_count && ok(); ++i) read_name();
  if (!ok()) return;
  def.end_at = static_cast<std::uint32_t>(offset());
  classes_.push_back(def);
  ++next_class_;
}

bool Reader::take_definition(const Definition& expected, const void* plan_owner, std::uint32_t plan_at) {
  if (next_class_ != classes_.size() || classes_.size() >= std::min<std::size_t>(limits_.max_classes, UINT16_MAX) ||
      !as_text({cur_, end_}).starts_with(expected.bytes)) {
    return false;
  }
  const auto at = static_cast<std::uint32_t>(offset());
  cur_ += expected.bytes.size();
  classes_.push_back({{reinterpret_cast<const char*>(begin_) + at + expected.name_at, expected.name_size},
                      expected.field_count,
                      at + expected.fields_at,
                      static_cast<std::uint32_t>(offset()),
                      plan_owner,
                      plan_at});
  ++next_class_;
  return true;
}

Kind Reader::peek_behind_definitions() {
  while (cur_ != end_ && *cur_ == 'O') read_definition();
  return cur_ == end_ ? Kind::kEnd : kKinds[*cur_];
}

std::string_view Reader::next_field_name(std::uint32_t& at) const {
  // The definition was checked when it came in.
  const std::uint8_t* p = begin_ + at;
  std::size_t units = *p++;
  if (units > 0x1f) {
    units = static_cast<std::size_t>(p[0] << 8 | p[1]);
    p += 2;
  }
  const text::Scan scan = text::scan(p, end_, units);
  at = static_cast<std::uint32_t>(scan.end - begin_);
  return {reinterpret_cast<const char*>(p), static_cast<std::size_t>(scan.end - p)};
}

const ClassDef* Reader::peek_class_def() {
  const Kind kind = peek();
  const std::uint8_t* const here = cur_;
  if (kind == Kind::kReference) {
    const std::uint32_t reference = read_reference();
    Jump jump;
    if (!ok() || !enter(reference, jump)) return nullptr;
    const ClassDef* const def = peek_class_def();
    leave(jump);
    if (!ok()) return nullptr;
    cur_ = here;
    return def;
  }
  if (kind != Kind::kObject) return nullptr;
  ++cur_;
  const auto number = static_cast<std::uint32_t>(read_int());
  if (!ok()) return nullptr;
  if (number >= classes_.size()) {
    return fail(HessianError::kBadReference, fmt::format("no class has number {}", number)), nullptr;
  }
  cur_ = here;
  return &classes_[number];
}

std::string_view Reader::peek_class() {
  const ClassDef* const def = peek_class_def();
  return def == nullptr ? std::string_view() : def->name;
}

std::string_view Reader::read_type() {
  // `T` followed by a number was a type reference for some early readers; no writer of the family sends it, while an
  // untyped map or list may well start with `true`.
  if (cur_ == end_) return {};
  if (*cur_ == 'u') {
    ++cur_;
    const auto number = static_cast<std::uint64_t>(read_integer(0, INT32_MAX));
    if (ok() && number >= types_.size())
      fail(HessianError::kBadReference, fmt::format("no type has number {}", number));
    return ok() ? types_[number] : std::string_view();
  }
  if (*cur_ != 't') return {};
  if (!need(3)) return {};
  ++cur_;
  const std::string_view name = read_raw_name(static_cast<std::size_t>(big_endian(2)));
  if (!ok() || next_type_++ < types_.size()) return name;
  if (types_.size() >= std::min<std::size_t>(limits_.max_types, UINT16_MAX)) {
    return fail(HessianError::kLimit, fmt::format("more than {} types", limits_.max_types)), std::string_view();
  }
  types_.push_back(name);
  return name;
}

// --- compounds

bool Reader::count_node() {
  if (++nodes_ <= limits_.max_nodes) [[likely]]
    return true;
  fail(HessianError::kLimit, fmt::format("more than {} values", limits_.max_nodes));
  return false;
}

bool Reader::begin_value(std::uint32_t& reference) {
  if (++depth_ > limits_.max_depth) {
    fail(HessianError::kLimit, fmt::format("values nested deeper than {}", limits_.max_depth));
    return false;
  }
  reference = next_reference_++;
  if (reference == places_.size()) {
    places_.push_back({static_cast<std::uint32_t>(offset()), static_cast<std::uint16_t>(next_type_),
                       static_cast<std::uint16_t>(next_class_)});
  }
  return true;
}

Reader::List Reader::begin_list() {
  List list;
  if (peek() != Kind::kList) return mismatch("a list"), list;
  if (!begin_value(list.reference)) return list;
  if (*cur_++ == 'v') {
    const auto number = static_cast<std::uint64_t>(read_integer(0, INT32_MAX));
    list.length = read_integer(0, INT32_MAX);
    if (ok() && number >= types_.size())
      fail(HessianError::kBadReference, fmt::format("no type has number {}", number));
    if (ok()) list.type = types_[number];
  } else {
    list.closed = true;
    list.type = read_type();
    if (cur_ != end_ && *cur_ == 'n') {
      if (need(2)) list.length = (++cur_, *cur_++);
    } else if (cur_ != end_ && *cur_ == 'l') {
      if (need(5)) list.length = (++cur_, static_cast<std::int32_t>(big_endian(4)));
      if (ok() && list.length < 0) fail(HessianError::kLimit, "a list of negative length");
    }
  }
  list.left = list.length;
  // Every element takes a byte at least: a length beyond the input is a lie, found before anything is reserved for it.
  if (ok() && list.length > end_ - cur_)
    fail(HessianError::kTruncated, fmt::format("a list of {} elements", list.length));
  return list;
}

bool Reader::more(List& list) {
  if (!ok()) return false;
  if (list.length < 0) {
    if (cur_ == end_) return fail(HessianError::kTruncated, "the input ends inside a list"), false;
    if (*cur_ != 'z') return count_node();
  } else if (list.left > 0) {
    --list.left;
    return count_node();
  }
  if (list.closed) {
    if (!need(1)) return false;
    if (*cur_ != 'z') return mismatch("the end of a list"), false;
    ++cur_;
  }
  end_compound();
  return false;
}

Reader::Map Reader::begin_map() {
  Map map;
  if (peek() != Kind::kMap) return mismatch("a map"), map;
  if (!begin_value(map.reference)) return map;
  ++cur_;
  map.type = read_type();
  return map;
}

bool Reader::more(Map&) {
  if (!ok()) return false;
  if (cur_ == end_) return fail(HessianError::kTruncated, "the input ends inside a map"), false;
  if (*cur_ != 'z') return count_node();
  ++cur_;
  end_compound();
  return false;
}

Reader::Object Reader::begin_object() {
  Object object;
  if (peek() != Kind::kObject) return mismatch("an object"), object;
  if (!begin_value(object.reference)) return object;
  ++cur_;
  const auto number = static_cast<std::uint32_t>(read_int());
  if (ok() && number >= classes_.size()) {
    fail(HessianError::kBadReference, fmt::format("no class has number {}", number));
  }
  if (!ok()) return object;
  object.class_number = number;
  object.field_count = classes_[number].field_count;
  nodes_ += object.field_count;
  if (!count_node()) object.field_count = 0;
  return object;
}

std::uint32_t Reader::read_reference() {
  if (peek() != Kind::kReference) return mismatch("a reference"), 0;
  const std::size_t bytes = *cur_ == 'J' ? 1 : *cur_ == 'K' ? 2 : 4;
  if (!need(bytes + 1)) return 0;
  ++cur_;
  const auto reference = static_cast<std::uint32_t>(big_endian(bytes));
  if (reference >= places_.size()) {
    return fail(HessianError::kBadReference, fmt::format("nothing has reference number {}", reference)), 0;
  }
  return reference;
}

bool Reader::enter(std::uint32_t reference, Jump& jump) {
  if (!ok()) return false;
  if (++depth_ > limits_.max_depth) {
    fail(HessianError::kLimit, fmt::format("values nested deeper than {}", limits_.max_depth));
    return false;
  }
  const Place place = places_[reference];
  jump = {cur_, place.offset, next_reference_, next_type_, next_class_};
  cur_ = begin_ + place.offset;
  next_reference_ = reference;
  next_type_ = place.types;
  next_class_ = place.classes;
  return true;
}

void Reader::leave(const Jump& jump) {
  if (!ok()) return;
  constexpr std::uint64_t kCostOfJump = 32;  // so that many jumps to tiny values count too
  repeated_ += (offset() - jump.start) + kCostOfJump;
  if (repeated_ > limits_.max_repeated_bytes) {
    return fail(HessianError::kLimit, fmt::format("references repeat more than {} bytes", limits_.max_repeated_bytes));
  }
  --depth_;
  cur_ = jump.back;
  next_reference_ = jump.reference;
  next_type_ = jump.type;
  next_class_ = jump.class_number;
}

void Reader::skip() {
  switch (peek()) {
    case Kind::kNull:
    case Kind::kBool:
      ++cur_;
      break;
    case Kind::kInt:
    case Kind::kLong:
    case Kind::kDouble: {
      Number ignored;
      read_number(ignored);
      break;
    }
    case Kind::kDate:
      read_date();
      break;
    case Kind::kString:
      chunks("a string", [&](std::size_t units, bool) {
        const text::Scan scan = text::scan(cur_, end_, units);
        if (scan.end == nullptr) return fail(HessianError::kBadText, "a string is cut or malformed"), false;
        cur_ = scan.end;
        return true;
      });
      break;
    case Kind::kBinary:
      chunks("a binary", [&](std::size_t length, bool) {
        if (!need(length)) return false;
        cur_ += length;
        return true;
      });
      break;
    case Kind::kList:
      for (List list = begin_list(); more(list);) skip();
      break;
    case Kind::kMap:
      for (Map map = begin_map(); more(map);) skip(), skip();
      break;
    case Kind::kObject: {
      const Object object = begin_object();
      for (std::uint32_t i = 0; i < object.field_count && ok(); ++i) skip();
      end_object();
      break;
    }
    case Kind::kReference:
      read_reference();
      break;
    default:
      mismatch("a value");
  }
}

std::shared_ptr<void> Reader::shared(std::uint32_t reference, const void* type) const {
  if (!remembered_) return nullptr;
  const auto [first, last] = remembered_->objects.equal_range(reference);
  for (auto it = first; it != last; ++it) {
    if (it->second.type == type) return it->second.object;
  }
  return nullptr;
}

void Reader::share(std::uint32_t reference, const void* type, std::shared_ptr<void> object) {
  if (!remembered_) remembered_ = std::make_unique<Remembered>();
  remembered_->objects.emplace(reference, Remembered::Entry{type, std::move(object)});
}

}  // namespace sofa::hessian
