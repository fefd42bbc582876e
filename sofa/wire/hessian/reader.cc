#include "sofa/wire/hessian/reader.h"

#include <bit>
#include <cmath>

#include "sofa/base/endian.h"
#include "sofa/wire/hessian/text.h"

namespace sofa::hessian {

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
  for (const unsigned char c : {'S', 's', 'X', 'x'}) kinds[c] = Kind::kString;
  for (const unsigned char c : {'B', 'b'}) kinds[c] = Kind::kBinary;
  for (const unsigned char c : {'V', 'v'}) kinds[c] = Kind::kList;
  for (const unsigned char c : {'J', 'K', 'R'}) kinds[c] = Kind::kReference;
  for (const unsigned char c : {'T', 'F'}) kinds[c] = Kind::kBool;
  for (const unsigned char c : {'L', 'w'}) kinds[c] = Kind::kLong;
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

Error Reader::error() const {
  return *error_;
}

void Reader::fail(HessianError code, std::string what) {
  if (!ok()) return;
  code_ = static_cast<int>(code);
  error_ = std::make_unique<Error>(code, fmt::format("{} at byte {} of {}", what, offset(), end_ - begin_));
  cur_ = end_;
}

void Reader::unregistered(std::string_view found, std::string_view wanted) {
  fail(HessianError::kUnregistered, fmt::format("found an object of class {}, wanted {}", found, wanted));
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

/// The usual text: ASCII in one chunk. False, and nothing moved, for any other.
bool Reader::take_plain_text(std::string_view& text) {
  const auto left = static_cast<std::size_t>(end_ - cur_);
  if (left == 0) return false;
  std::size_t head = 1;
  std::size_t units = *cur_;
  if (units > 0x1f) {
    if (units != 'S' || left < 3) return false;
    head = 3;
    units = load_be<std::uint16_t>(cur_ + 1);
  }
  if (units > left - head || units > limits_.max_length || !text::is_ascii(cur_ + head, units, left - head))
    return false;
  text = {reinterpret_cast<const char*>(cur_ + head), units};
  cur_ += head + units;
  return true;
}

std::string_view Reader::read_text(std::string& scratch) {
  if (std::string_view text; take_plain_text(text)) [[likely]]
    return text;
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
  if (text.data() == out.data()) return;
  // A new string is made in a third of the instructions that growing one takes.
  text.size() > out.capacity() ? out = std::string(text) : out.assign(text);
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

void Reader::skip_chunks() {
  const bool text = peek() == Kind::kString;
  chunks("a string or binary", [&](std::size_t length, bool) {
    if (!text) {
      if (!need(length)) return false;
      cur_ += length;
      return true;
    }
    const text::Scan scan = text::scan(cur_, end_, length);
    if (scan.end == nullptr) return fail(HessianError::kBadText, "a string is cut or malformed"), false;
    cur_ = scan.end;
    return true;
  });
}

}  // namespace sofa::hessian
