#include "sofa/wire/hessian/writer.h"

#include <bit>
#include <cmath>

#include "sofa/base/endian.h"
#include "sofa/wire/hessian/text.h"

// The choice of forms is the Java writer's (facts of the dialect, section 3): the shortest that fits, chunks of 0x8000.
namespace sofa::hessian {
namespace {

constexpr std::size_t kChunk = 0x8000;

/// Bits of a double as Java's doubleToLongBits: one NaN only.
std::uint64_t bits_of(double value) {
  return std::isnan(value) ? 0x7ff8000000000000U : std::bit_cast<std::uint64_t>(value);
}

}  // namespace

Definition::Definition(std::string_view class_name, std::span<const std::string_view> field_names) {
  Bytes out;
  const auto write = [&](auto&& part) {
    BytesSink sink(out);
    Writer to(sink);
    part(to);
    to.finish();
    return static_cast<std::uint32_t>(out.size());
  };
  std::uint32_t name_end = 0;
  name_end = write([&](Writer& to) {
    to.put('O');
    to.put_name(class_name, [](Writer& head, std::size_t units) { head.write_int(static_cast<std::int32_t>(units)); });
  });
  fields_at = write([&](Writer& to) { to.write_int(static_cast<std::int32_t>(field_names.size())); });
  write([&](Writer& to) {
    for (const std::string_view name : field_names) to.write_string(name);
  });
  const std::size_t length_size = out[1] >= 0xd0 ? 3 : out[1] >= 0xc0 ? 2 : 1;
  name_at = static_cast<std::uint32_t>(1 + length_size);
  name_size = name_end - name_at;
  field_count = static_cast<std::uint32_t>(field_names.size());
  bytes = as_text(out);
}

void Writer::more(std::size_t need) {
  const auto span = sink_.grow(static_cast<std::size_t>(cur_ - begin_), need);
  begin_ = cur_ = span.data();
  end_ = begin_ + span.size();
}

void Writer::put_pieces(const std::uint8_t* bytes, std::size_t size) {
  while (size > 0) {
    if (cur_ == end_) more(1);
    const std::size_t piece = std::min(size, static_cast<std::size_t>(end_ - cur_));
    std::memcpy(cur_, bytes, piece);
    cur_ += piece;
    bytes += piece;
    size -= piece;
  }
}

template <class T>
void Writer::put_tagged(char tag, T value) {
  room(1 + sizeof value);
  *cur_++ = static_cast<std::uint8_t>(tag);
  store_be(cur_, value);
  cur_ += sizeof value;
}

void Writer::write_wide_int(std::int32_t value) {
  if (value >= -2048 && value <= 2047) {
    put_tagged(static_cast<char>(0xc8 + (value >> 8)), static_cast<std::uint8_t>(value));
  } else if (value >= -262144 && value <= 262143) {
    put_tagged(static_cast<char>(0xd4 + (value >> 16)), static_cast<std::uint16_t>(value));
  } else {
    put_tagged('I', value);
  }
}

void Writer::write_long(std::int64_t value) {
  if (value >= -8 && value <= 15) {
    put(static_cast<std::uint8_t>(0xe0 + value));
  } else if (value >= -2048 && value <= 2047) {
    put_tagged(static_cast<char>(0xf8 + (value >> 8)), static_cast<std::uint8_t>(value));
  } else if (value >= -262144 && value <= 262143) {
    put_tagged(static_cast<char>(0x3c + (value >> 16)), static_cast<std::uint16_t>(value));
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    put_tagged('w', static_cast<std::int32_t>(value));
  } else {
    put_tagged('L', value);
  }
}

void Writer::write_double(double value) {
  if (value >= -32768 && value <= 32767 && value == std::trunc(value)) {
    const auto whole = static_cast<std::int32_t>(value);
    if (whole == 0) return put('g');  // of -0.0 too: the dialect loses its sign
    if (whole == 1) return put('h');
    if (whole >= -128 && whole <= 127) return put_tagged('i', static_cast<std::int8_t>(whole));
    return put_tagged('j', static_cast<std::int16_t>(whole));
  }
  // Beyond a float's range the conversion is not defined, so it is not tried.
  if (std::isinf(value) || std::fabs(value) <= 0x1.fffffep127) {
    const auto narrow = static_cast<float>(value);
    if (static_cast<double>(narrow) == value) return put_tagged('k', std::bit_cast<std::uint32_t>(narrow));
  }
  put_tagged('D', bits_of(value));
}

void Writer::write_date(std::int64_t ms) {
  put_tagged('d', ms);
}

// --- text and binary

void Writer::write_string(std::string_view utf8) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(utf8.data());
  if (text::ascii_prefix(bytes, utf8.size()) == utf8.size()) return put_ascii(utf8);
  const text::Measure measure = text::measure(utf8);
  if (measure.valid) return put_units(utf8, measure.units);
  const std::string repaired = text::repaired(utf8);
  put_units(repaired, text::measure(repaired).units);
}

void Writer::put_ascii(std::string_view text) {
  if (text.size() <= 31) [[likely]] {
    put(static_cast<std::uint8_t>(text.size()));
    return write_raw(as_bytes(text));
  }
  for (; text.size() > kChunk; text.remove_prefix(kChunk)) {
    put_tagged('s', static_cast<std::uint16_t>(kChunk));
    write_raw(as_bytes(text.substr(0, kChunk)));
  }
  if (text.size() <= 31) {
    put(static_cast<std::uint8_t>(text.size()));
  } else {
    put_tagged('S', static_cast<std::uint16_t>(text.size()));
  }
  write_raw(as_bytes(text));
}

void Writer::put_units(std::string_view utf8, std::size_t units) {
  while (units > kChunk) {
    std::size_t taken = 0;
    const std::size_t bytes = text::chunk(utf8, kChunk, taken);
    put_tagged('s', static_cast<std::uint16_t>(taken));
    put_data(utf8.substr(0, bytes));
    utf8.remove_prefix(bytes);
    units -= taken;
  }
  if (units <= 31) {
    put(static_cast<std::uint8_t>(units));
  } else {
    put_tagged('S', static_cast<std::uint16_t>(units));
  }
  put_data(utf8);
}

/// Wire form of valid text: as it is, but characters beyond U+FFFF as two surrogates.
void Writer::put_data(std::string_view utf8) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(utf8.data());
  const auto* const end = p + utf8.size();
  const auto* run = p;
  while (p != end) {
    if (*p < 0xf0) {
      ++p;
      continue;
    }
    put(run, static_cast<std::size_t>(p - run));
    const std::uint32_t c = text::decode(p).value - 0x10000;
    const std::uint32_t high = 0xd800 + (c >> 10);
    const std::uint32_t low = 0xdc00 + (c & 0x3ff);
    const auto tail = [](std::uint32_t bits) { return static_cast<std::uint8_t>(0x80 | (bits & 0x3f)); };
    const std::uint8_t pair[] = {0xed, tail(high >> 6), tail(high), 0xed, tail(low >> 6), tail(low)};
    put(pair, sizeof pair);
    run = p += 4;
  }
  put(run, static_cast<std::size_t>(end - run));
}

void Writer::write_binary(BytesView bytes) {
  for (; bytes.size() > kChunk; bytes = bytes.subspan(kChunk)) {
    put_tagged('b', static_cast<std::uint16_t>(kChunk));
    write_raw(bytes.first(kChunk));
  }
  if (bytes.size() <= 15) {
    put(static_cast<std::uint8_t>(0x20 + bytes.size()));
  } else {
    put_tagged('B', static_cast<std::uint16_t>(bytes.size()));
  }
  write_raw(bytes);
}

// --- compounds

/// A class's or type's name: its length in the form that `length` writes, then its data.
void Writer::put_name(std::string_view name, void (*length)(Writer&, std::size_t units)) {
  constexpr std::size_t kLongest = 0xffff;
  const text::Measure measure = text::measure(name);
  if (!measure.valid || measure.units > kLongest) {
    return put_name(text::repaired(name.substr(0, kLongest / 3)), length);
  }
  length(*this, measure.units);
  put_data(name);
}

void Writer::put_type(std::string_view type) {
  if (type.empty()) return;
  if (const std::uint32_t* number = types_.find(type)) {
    put('u');
    return write_int(static_cast<std::int32_t>(*number));
  }
  types_.insert(type, static_cast<std::uint32_t>(types_.size()));
  put_name(type, [](Writer& to, std::size_t units) { to.put_tagged('t', static_cast<std::uint16_t>(units)); });
}

/// Whether an end mark is due.
bool Writer::put_list(std::string_view type, std::int32_t length) {
  ++references_;
  const std::uint32_t* number = type.empty() || length < 0 ? nullptr : types_.find(type);
  if (number != nullptr) {
    put('v');
    write_int(static_cast<std::int32_t>(*number));
    write_int(length);
    return false;
  }
  put('V');
  put_type(type);
  if (length >= 0x100) {
    put_tagged('l', length);
  } else if (length >= 0) {
    put_tagged('n', static_cast<std::uint8_t>(length));
  }
  return true;
}

void Writer::end_list() {
  if (open_lists_.pop_back()) put('z');
}

void Writer::begin_map(std::string_view type) {
  ++references_;
  put('M');
  put_type(type);
}

void Writer::begin_object(const Definition& definition) {
  ++references_;
  const std::uint32_t* number = classes_.find(definition.bytes);
  const auto known = number != nullptr ? *number : static_cast<std::uint32_t>(classes_.size());
  if (number == nullptr) {
    classes_.insert(definition.bytes, known);
    write_raw(as_bytes(definition.bytes));
  }
  put('o');
  write_int(static_cast<std::int32_t>(known));
}

void Writer::write_reference(std::uint32_t reference) {
  if (reference < 0x100) {
    put_tagged('J', static_cast<std::uint8_t>(reference));
  } else if (reference < 0x10000) {
    put_tagged('K', static_cast<std::uint16_t>(reference));
  } else {
    put_tagged('R', reference);
  }
}

bool Writer::write_known(const void* object, const void* type) {
  const std::uint32_t* reference = known_.find({object, type});
  if (reference != nullptr) write_reference(*reference);
  return reference != nullptr;
}

void Writer::remember(const void* object, const void* type, std::shared_ptr<const void> owner) {
  known_.insert({object, type}, references_);
  if (owner != nullptr) keep(std::move(owner));
}

// --- constant fronts

Writer::Tables Writer::tables() const {
  Tables tables;
  tables.references = references_;
  tables.types.resize(types_.size());
  tables.definitions.resize(classes_.size());
  types_.for_each([&](std::string_view type, std::uint32_t number) { tables.types[number] = type; });
  classes_.for_each([&](std::string_view bytes, std::uint32_t number) { tables.definitions[number] = bytes; });
  return tables;
}

void Writer::resume(const Tables& tables) {
  references_ = tables.references;
  for (std::uint32_t i = 0; i < tables.types.size(); ++i) types_.insert(tables.types[i], i);
  for (std::uint32_t i = 0; i < tables.definitions.size(); ++i) classes_.insert(tables.definitions[i], i);
}

}  // namespace sofa::hessian
