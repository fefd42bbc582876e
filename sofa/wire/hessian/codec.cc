#include "sofa/wire/hessian/codec.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {
namespace {

constexpr std::uint32_t kInOrder = UINT32_MAX;  // a plan: the sender's fields are ours, in our order
constexpr std::uint16_t kUnknown = UINT16_MAX;  // in a plan: a field that the type does not have

const void* at(const void* object, std::size_t offset) {
  return static_cast<const char*>(object) + offset;
}
void* at(void* object, std::size_t offset) {
  return static_cast<char*>(object) + offset;
}

/// Which of our fields each field of a sender's class is. A name that stands several times (a field that shadows a
/// parent's) means our fields of that name in turn, and the last of them from then on.
std::uint32_t make_plan(Reader& from, const ClassInfo& info, ClassDef& def) {
  const bool fresh = def.plan_owner == nullptr || def.plan_at == kInOrder;
  auto& plans = from.plans();
  const auto plan = fresh ? static_cast<std::uint32_t>(plans.size()) : def.plan_at;
  std::vector<bool> taken(info.fields.size());
  std::uint32_t name_at = def.fields_at;
  bool in_order = def.field_count == info.fields.size();
  for (std::uint32_t i = 0; i < def.field_count; ++i) {
    const std::string_view name = from.next_field_name(name_at);
    std::uint16_t mine = kUnknown;
    for (std::size_t j = 0; j < info.fields.size(); ++j) {
      if (info.fields[j].name != name) continue;
      mine = static_cast<std::uint16_t>(j);
      if (!taken[j]) break;
    }
    if (mine != kUnknown) taken[mine] = true;
    in_order &= mine == i;
    if (fresh) {
      plans.push_back(mine);
    } else {
      plans[plan + i] = mine;
    }
  }
  def.plan_owner = &info;
  def.plan_at = in_order ? kInOrder : plan;
  return def.plan_at;
}

void read_extra(Reader& from, Extra& extra, std::uint32_t name_at, std::uint32_t index) {
  std::string_view name;
  for (std::uint32_t i = 0; i <= index; ++i) name = from.next_field_name(name_at);
  Value value = read_value(from);
  if (from.ok()) extra.fields.emplace_back(name, std::move(value));
}

}  // namespace

void ClassInfo::finish() {
  std::vector<Field> ordered;
  for (const bool java_lang : {true, false}) {
    std::copy_if(fields.begin(), fields.end(), std::back_inserter(ordered),
                 [&](const Field& field) { return field.ops->java_lang == java_lang; });
  }
  fields = std::move(ordered);
  std::vector<std::string_view> names;
  for (const Field& field : fields) names.push_back(field.name);
  definition = Definition(java_class, names);
}

void encode_object(Writer& to, const ClassInfo& info, const void* object) {
  encode_object_as(to, info.java_class, info, object);
}

void encode_object_as(Writer& to, std::string_view java_class, const ClassInfo& info, const void* object) {
  const auto* extra = info.extra == ClassInfo::kNoExtra ? nullptr : static_cast<const Extra*>(at(object, info.extra));
  if (java_class == info.java_class && (extra == nullptr || extra->fields.empty())) {
    to.begin_object(info.definition);
  } else {
    std::vector<std::string_view> names;
    for (const Field& field : info.fields) names.push_back(field.name);
    if (extra != nullptr) {
      for (const auto& [name, value] : extra->fields) names.emplace_back(name);
    }
    to.begin_object(to.keep(Definition(java_class, names)));
  }
  for (const Field& field : info.fields) field.ops->encode(to, at(object, field.offset));
  if (extra == nullptr) return;
  for (const auto& [name, value] : extra->fields) write_value(to, value);
}

void decode_object(Reader& from, const ClassInfo& info, void* object) {
  if (!from.at_end() && from.rest()[0] == 'O') from.take_definition(info.definition, &info, kInOrder);
  follow(from, [&] {
    if (from.peek() != Kind::kObject) return from.mismatch(fmt::format("an object of class {}", info.java_class));
    decode_fields(from, info, object);
  });
}

void decode_fields(Reader& from, const ClassInfo& info, void* object) {
  const Reader::Object head = from.begin_object();
  if (!from.ok()) return;
  ClassDef& def = from.class_def(head.class_number);
  std::uint32_t plan = def.plan_at;
  if (def.plan_owner != &info) {
    if (def.name != info.java_class && !info.java_class.empty()) {
      return from.fail(HessianError::kUnregistered,
                       fmt::format("found an object of class {}, which this slot does not build (it takes {})",
                                   def.name, info.java_class));
    }
    plan = make_plan(from, info, def);
  }
  if (plan == kInOrder) {
    for (const Field& field : info.fields) field.ops->decode(from, at(object, field.offset));
    return from.end_object();
  }
  const std::uint32_t names_at = def.fields_at;
  for (std::uint32_t i = 0; i < head.field_count && from.ok(); ++i) {
    const std::uint16_t mine = from.plans()[plan + i];
    if (mine != kUnknown) {
      const Field& field = info.fields[mine];
      field.ops->decode(from, at(object, field.offset));
    } else if (info.extra != ClassInfo::kNoExtra) {
      read_extra(from, *static_cast<Extra*>(at(object, info.extra)), names_at, i);
    } else {
      from.skip();
    }
  }
  from.end_object();
}

void Codec<float>::decode(Reader& from, float& value) {
  const double wide = from.read_double();
  if (std::isfinite(wide) && std::fabs(wide) > static_cast<double>(std::numeric_limits<float>::max())) {
    return from.fail(HessianError::kRange, fmt::format("{} is no float", wide));
  }
  value = static_cast<float>(wide);
}

void Codec<char16_t>::encode(Writer& to, char16_t value) {
  std::string text;
  text::append_code_point(text, value);
  to.write_string(text);
}

void Codec<char16_t>::decode(Reader& from, char16_t& value) {
  std::string scratch;
  const std::string_view text = from.read_text(scratch);
  if (!from.ok()) return;
  const auto first = text.empty() ? text::CodePoint{0, 1} : text::decode(as_bytes(text).data());
  if (first.size != text.size() || first.value > 0xffff) {
    return from.fail(HessianError::kMismatch, "found a string, wanted one of a single unit (a char)");
  }
  value = static_cast<char16_t>(first.value);
}

void Codec<Bytes>::decode(Reader& from, Bytes& value) {
  const BytesView bytes = from.read_binary(value);
  if (bytes.data() != value.data()) value.assign(bytes.begin(), bytes.end());
}

EnumInfo::EnumInfo(std::string_view java_class, std::string_view names, std::span<const std::int64_t> values)
    : java_class_(java_class) {
  for (const std::int64_t value : values) {
    const std::size_t end = std::min(names.find(','), names.size());
    const std::size_t first = std::min(names.find_first_not_of(" \n"), end);
    constants_.push_back({std::string(names.substr(first, names.find_last_not_of(" \n", end - 1) + 1 - first)), value});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  const std::string_view field[] = {"name"};
  definition_ = Definition(java_class, field);
}

void EnumInfo::encode(Writer& to, std::int64_t value) const {
  for (const Constant& constant : constants_) {
    if (constant.value != value) continue;
    if (to.write_if_known(&constant, this, nullptr)) return;
    to.begin_object(definition_);
    return to.write_string(constant.name);
  }
  to.write_null();  // a number that the enum has no name for
}

std::string_view EnumInfo::name(std::int64_t value) const {
  const auto it = std::find_if(constants_.begin(), constants_.end(), [&](const auto& c) { return c.value == value; });
  return it == constants_.end() ? std::string_view() : it->name;
}

std::int64_t EnumInfo::decode(Reader& from) const {
  std::int64_t value = 0;
  follow(from, [&] {
    if (from.peek() != Kind::kObject) return from.mismatch(fmt::format("a constant of {}", java_class_));
    const Reader::Object head = from.begin_object();
    if (!from.ok()) return;
    const ClassDef def = from.class_def(head.class_number);
    if (def.name != java_class_) {
      return from.fail(HessianError::kUnregistered,
                       fmt::format("found an object of class {}, wanted a constant of {}", def.name, java_class_));
    }
    std::string scratch;
    std::string_view name;
    std::uint32_t name_at = def.fields_at;
    for (std::uint32_t i = 0; i < head.field_count && from.ok(); ++i) {
      from.next_field_name(name_at) == "name" ? void(name = from.read_text(scratch)) : from.skip();
    }
    from.end_object();
    const auto it = std::find_if(constants_.begin(), constants_.end(), [&](const auto& c) { return c.name == name; });
    if (it == constants_.end()) {
      return from.fail(HessianError::kMismatch, fmt::format("{} has no constant {}", java_class_, name));
    }
    value = it->value;
  });
  return value;
}

}  // namespace sofa::hessian
