#include <algorithm>
#include <unordered_map>

#include "sofa/wire/hessian/reader.h"
#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {

struct Reader::Remembered {
  struct Entry {
    const void* type;
    std::shared_ptr<void> object;
    bool being_read = true;
  };
  std::unordered_multimap<std::uint32_t, Entry> objects;

  Entry* find(std::uint32_t reference, const void* type) {
    const auto [first, last] = objects.equal_range(reference);
    for (auto it = first; it != last; ++it) {
      if (it->second.type == type) return &it->second;
    }
    return nullptr;
  }
};

Reader::Reader(BytesView bytes, const Limits& limits, const Registry* registry)
    : begin_(bytes.data()), cur_(begin_), end_(begin_ + bytes.size()), registry_(registry), limits_(limits) {
  if (bytes.size() >= UINT32_MAX) fail(HessianError::kLimit, "the input is 4 GiB or more");
}
Reader::~Reader() = default;

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
  charge_repeated();
  ++jumps_;
  const Place place = places_[reference];
  jump = {cur_, next_reference_, next_type_, next_class_};
  cur_ = begin_ + place.offset;
  charged_to_ = place.offset;
  next_reference_ = reference;
  next_type_ = place.types;
  next_class_ = place.classes;
  return ok();
}

void Reader::leave(const Jump& jump) {
  if (!ok()) return;
  charge_repeated();
  --jumps_;
  --depth_;
  cur_ = ok() ? jump.back : end_;
  charged_to_ = static_cast<std::uint32_t>(offset());
  next_reference_ = jump.reference;
  next_type_ = jump.type;
  next_class_ = jump.class_number;
}

/// Counts what has been read since the last jump, while reading something again. Jumps themselves cost a little too, so
/// that many of them to tiny values end as well.
void Reader::charge_repeated() {
  constexpr std::uint64_t kCostOfJump = 16;
  if (jumps_ > 0) repeated_ += offset() - charged_to_ + kCostOfJump;
  if (repeated_ > limits_.max_repeated_bytes) {
    fail(HessianError::kLimit, fmt::format("references repeat more than {} bytes", limits_.max_repeated_bytes));
  }
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
    case Kind::kBinary:
      skip_chunks();
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

std::shared_ptr<void> Reader::shared(std::uint32_t reference, const void* type, bool* being_read) const {
  const auto* entry = remembered_ ? remembered_->find(reference, type) : nullptr;
  if (entry == nullptr) return nullptr;
  if (being_read != nullptr) *being_read = entry->being_read;
  return entry->object;
}

void Reader::share(std::uint32_t reference, const void* type, std::shared_ptr<void> object) {
  if (!remembered_) remembered_ = std::make_unique<Remembered>();
  remembered_->objects.emplace(reference, Remembered::Entry{type, std::move(object)});
}

void Reader::shared_is_read(std::uint32_t reference, const void* type) {
  if (auto* entry = remembered_ ? remembered_->find(reference, type) : nullptr) entry->being_read = false;
}

// --- fronts

void Reader::keep_front(Front& front) const {
  const auto text_of = [&](std::string_view text) {
    return Front::Text{static_cast<std::uint32_t>(text.data() - reinterpret_cast<const char*>(begin_)),
                       static_cast<std::uint32_t>(text.size())};
  };
  front.end = static_cast<std::uint32_t>(offset());
  front.nodes = nodes_;
  front.places.assign(places_.data(), places_.data() + places_.size());
  front.classes.assign(classes_.data(), classes_.data() + classes_.size());
  front.types.clear();
  front.class_names.clear();
  for (std::size_t i = 0; i < types_.size(); ++i) front.types.push_back(text_of(types_[i]));
  for (const ClassDef& def : front.classes) front.class_names.push_back(text_of(def.name));
}

void Reader::pass_front(const Front& front) {
  const auto view_of = [&](Front::Text text) {
    return std::string_view(reinterpret_cast<const char*>(begin_) + text.at, text.size);
  };
  cur_ = begin_ + front.end;
  nodes_ = front.nodes;
  for (const Place& place : front.places) places_.push_back(place);
  for (const Front::Text type : front.types) types_.push_back(view_of(type));
  for (std::size_t i = 0; i < front.classes.size(); ++i) {
    classes_.push_back(front.classes[i]);
    classes_[i].name = view_of(front.class_names[i]);
  }
  next_reference_ = static_cast<std::uint32_t>(front.places.size());
  next_type_ = static_cast<std::uint32_t>(front.types.size());
  next_class_ = static_cast<std::uint32_t>(front.classes.size());
}

}  // namespace sofa::hessian
