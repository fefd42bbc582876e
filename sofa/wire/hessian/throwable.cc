#include "sofa/wire/hessian/throwable.h"

namespace sofa::hessian {
namespace {

constexpr std::string_view kEmptyList = "java.util.Collections$EmptyList";
constexpr char kEmptyListIdentity = 0;
constexpr char kStarted = 0;  // tag of exceptions whose reading has begun

const void* identity(const Throwable& value) {
  return &value.cause;
}

/// Notes that the object read next is an exception being read, so that a cause leading back to it is seen.
void start(Reader& from) {
  static const auto kMark = std::make_shared<char>();
  from.share(from.references(), &kStarted, kMark);
}

std::shared_ptr<Throwable> read_new(Reader& from) {
  const std::string_view name = from.peek_class();
  if (!from.ok()) return nullptr;
  if (name.empty()) return from.mismatch("an exception"), nullptr;
  std::shared_ptr<Throwable> made = from.registry() == nullptr ? nullptr : from.registry()->make(name);
  if (made == nullptr) {
    auto remote = std::make_shared<RemoteException>();
    remote->class_name = name;
    made = std::move(remote);
  }
  const std::uint32_t number = from.references();
  start(from);
  decode_fields(from, made->java_info(), const_cast<void*>(made->java_object()));
  if (!from.ok()) return nullptr;
  from.share(number, &detail::kTypeTag<Throwable>, made);
  return made;
}

}  // namespace

Throwable::Throwable() = default;
Throwable::Throwable(const Throwable& other) = default;
Throwable::Throwable(Throwable&& other) noexcept = default;
Throwable& Throwable::operator=(const Throwable& other) = default;
Throwable& Throwable::operator=(Throwable&& other) noexcept = default;
Throwable::~Throwable() = default;

const std::string& Throwable::message() const {
  static const std::string kNone;
  return detail_message ? *detail_message : kNone;
}

const ClassInfo& Throwable::java_info() const {
  return class_info<Throwable>();
}

RemoteException RemoteException::of(std::string java_name, std::string message) {
  RemoteException made;
  made.class_name = std::move(java_name);
  made.detail_message = std::move(message);
  return made;
}

Registry::Registry() = default;
Registry::Registry(const Registry& other) = default;
Registry::Registry(Registry&& other) noexcept = default;
Registry& Registry::operator=(const Registry& other) = default;
Registry& Registry::operator=(Registry&& other) noexcept = default;
Registry::~Registry() = default;

Registry& Registry::add(std::string_view java_class, Make make) {
  makers_.insert_or_assign(std::string(java_class), make);
  return *this;
}

std::shared_ptr<Throwable> Registry::make(std::string_view java_class) const {
  const auto it = makers_.find(std::string(java_class));
  return it == makers_.end() ? nullptr : it->second();
}

void write_throwable(Writer& to, const Throwable& value) {
  if (to.write_if_known(identity(value), &detail::kTypeTag<Throwable>, nullptr)) return;
  encode_object_as(to, value.java_class_name(), value.java_info(), value.java_object());
}

void write_throwable(Writer& to, const std::shared_ptr<const Throwable>& value) {
  if (value == nullptr) return to.write_null();
  to.keep(value);
  write_throwable(to, *value);
}

std::shared_ptr<Throwable> read_throwable(Reader& from) {
  if (from.try_null()) return nullptr;
  if (from.peek() != Kind::kReference) return read_new(from);
  const std::uint32_t reference = from.read_reference();
  if (auto known = from.shared(reference, &detail::kTypeTag<Throwable>)) {
    return std::static_pointer_cast<Throwable>(std::move(known));
  }
  if (from.shared(reference, &kStarted) != nullptr) return nullptr;
  Reader::Jump jump;
  if (!from.enter(reference, jump)) return nullptr;
  auto read = read_new(from);
  from.leave(jump);
  return read;
}

bool at_throwable(Reader& from) {
  const ClassDef* const def = from.peek_class_def();
  if (def == nullptr) return false;
  int found = 0;
  std::uint32_t name_at = def->fields_at;
  for (std::uint32_t i = 0; i < def->field_count; ++i) {
    const std::string_view name = from.next_field_name(name_at);
    found += name == "detailMessage" || name == "stackTrace" ? 1 : 0;
  }
  return found == 2;
}

namespace detail {
void decode_throwable_value(Reader& from, const ClassInfo& info, void* object) {
  follow(from, [&] {
    if (from.peek() != Kind::kObject) return from.mismatch(fmt::format("an object of class {}", info.java_class));
    start(from);
    decode_fields(from, info, object);
  });
}
}  // namespace detail

void Codec<Array<StackTraceElement>>::encode(Writer& to, const Array<StackTraceElement>& value) {
  static const std::string kType = "[" + Codec<StackTraceElement>::array_type();
  detail::ListCodec<std::vector<StackTraceElement>>::encode_as(to, kType, value);
}

void Codec<Array<StackTraceElement>>::decode(Reader& from, Array<StackTraceElement>& value) {
  if (from.try_null()) return value.clear();
  detail::ListCodec<std::vector<StackTraceElement>>::decode(from, value);
}

void Codec<Cause>::encode(Writer& to, const Cause& value) {
  if (value.value != nullptr) return write_throwable(to, value.value);
  if (!to.write_known(&value, &detail::kTypeTag<Throwable>)) to.write_null();
}

void Codec<Cause>::decode(Reader& from, Cause& value) {
  value.value = read_throwable(from);
}

void Codec<Suppressed>::encode(Writer& to, const Suppressed& value) {
  if (!value.values.empty()) return Codec<decltype(value.values)>::encode(to, value.values);
  if (to.write_if_known(&kEmptyListIdentity, &kEmptyListIdentity, nullptr)) return;
  to.begin_list(kEmptyList, 0);
  to.end_list();
}

void Codec<Suppressed>::decode(Reader& from, Suppressed& value) {
  Codec<decltype(value.values)>::decode(from, value.values);
}

}  // namespace sofa::hessian
