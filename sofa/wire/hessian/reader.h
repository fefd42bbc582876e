// Reader: takes values one by one out of Hessian bytes (SOFARPC's 3.x dialect), without building anything itself.
//
// Use it to write codecs by hand; for C++ types see codec.h, for values of unknown shape see value.h.
//
//   Reader in(bytes);
//   std::int32_t count = in.read_int();
//   for (auto list = in.begin_list(); in.more(list);) names.push_back(in.read_string());
//   if (!in.ok()) return fail(in.error());
//
// Errors stick: after the first one every read gives a default value, so it is enough to ask once at the end.
// Tables of classes, types and references go on over all values of the stream, as they do on the wire.
// Hostile input: no read goes beyond the bytes, and depth, lengths, counts and all work done twice are bounded by
// Limits. Scalars and ASCII text cost no allocation. Ownership: the bytes must outlive the reader and every view that
// it gave. Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/wire/hessian/definition.h"
#include "sofa/wire/hessian/errors.h"
#include "sofa/wire/hessian/small.h"

namespace sofa::hessian {

class Registry;

/// What a reader accepts before it says kLimit. The defaults fit messages of 8 MiB.
struct Limits {
  std::uint32_t max_depth = 1024;               ///< values inside values
  std::uint32_t max_length = 64 << 20;          ///< bytes of one string or binary, all chunks together
  std::uint32_t max_nodes = 2 << 20;            ///< elements, entries and fields of the whole stream
  std::uint32_t max_classes = 4096;             ///< class definitions, at most 65535
  std::uint32_t max_types = 4096;               ///< names of list and map types, at most 65535
  std::uint32_t max_fields = 4096;              ///< fields of one class
  std::uint32_t max_name = 1024;                ///< bytes of a class, field or type name
  std::uint64_t max_repeated_bytes = 16 << 20;  ///< bytes read again because value types were referred to
};

enum class Kind : std::uint8_t {
  kEnd,  ///< no bytes left, or an error before
  kNull,
  kBool,
  kInt,
  kLong,
  kDouble,
  kDate,
  kString,
  kBinary,
  kList,
  kMap,
  kObject,
  kReference,
  kClose,  ///< the end mark of a list or map
  kDefinition,
  kBad,
};
std::string_view kind_name(Kind kind);

/// A class as its sender defined it: name and field names are views into the stream.
struct ClassDef {
  std::string_view name;
  std::uint32_t field_count;
  std::uint32_t fields_at;  ///< offset of the first field name
  std::uint32_t end_at;     ///< offset behind the definition
  const void* plan_owner;   ///< which C++ type `plan_at` maps this definition to (codec.h)
  std::uint32_t plan_at;
};

class Reader {
 public:
  /// `registry` knows the exceptions and subclasses that may be built; without one only those named by type are.
  explicit Reader(BytesView bytes, const Limits& limits = {}, const Registry* registry = nullptr);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool ok() const { return code_ == 0; }
  /// The first error; only when !ok().
  Error error() const;
  /// Makes the stream bad, unless it is already. `what` says what was found and what was wanted.
  void fail(HessianError code, std::string what);
  void mismatch(std::string_view wanted);
  /// An object of a class that is none of those that may be built here.
  void unregistered(std::string_view found, std::string_view wanted);

  const Registry* registry() const { return registry_; }
  bool at_end() const { return cur_ == end_; }
  std::size_t offset() const { return static_cast<std::size_t>(cur_ - begin_); }
  BytesView rest() const { return {cur_, end_}; }
  BytesView bytes() const { return {begin_, end_}; }

  /// What the next value is. Class definitions before it are taken in.
  Kind peek() {
    if (cur_ == end_) [[unlikely]]
      return Kind::kEnd;
    const Kind kind = kKinds[*cur_];
    return kind == Kind::kDefinition ? peek_behind_definitions() : kind;
  }

  // Scalars. A number is taken in any numeric form that fits; null only by try_null.
  bool try_null() {
    if (cur_ == end_ || *cur_ != 'N') return false;
    ++cur_;
    return true;
  }
  bool read_bool();
  std::int32_t read_int() {
    if (cur_ != end_ && static_cast<std::uint8_t>(*cur_ - 0x80) < 0x40) [[likely]]
      return *cur_++ - 0x90;
    return static_cast<std::int32_t>(read_integer(INT32_MIN, INT32_MAX));
  }
  std::int64_t read_long() { return read_integer(INT64_MIN, INT64_MAX); }
  /// Any integral number (or a double without fraction) between the bounds.
  std::int64_t read_integer(std::int64_t low, std::int64_t high);
  double read_double();
  /// Milliseconds since 1970 (UTC).
  std::int64_t read_date();

  /// Text as true UTF-8 (see text.h); a view into the stream where the wire bytes are just that, else into `scratch`.
  std::string_view read_text(std::string& scratch);
  std::string read_string();
  void read_string(std::string& out);
  /// A view into the stream where the block came in one chunk, else into `scratch`.
  BytesView read_binary(Bytes& scratch);

  // Compounds. begin_* counts the value as the next reference; call them only after peek() named the kind.
  struct List {
    std::string_view type;     ///< empty where the list has none
    std::int64_t length = -1;  ///< -1: ends at its end mark
    std::int64_t left = 0;
    std::uint32_t reference = 0;
    bool closed = false;  ///< an end mark follows the elements
  };
  List begin_list();
  /// Whether another element follows; takes the end mark where none does.
  bool more(List& list);

  struct Map {
    std::string_view type;
    std::uint32_t reference = 0;
  };
  Map begin_map();
  /// Whether another entry (key, then value) follows.
  bool more(Map& map);

  struct Object {
    std::uint32_t class_number = 0;
    std::uint32_t field_count = 0;  ///< that many values follow, then end_object()
    std::uint32_t reference = 0;
  };
  Object begin_object();
  void end_object() { --depth_; }

  ClassDef& class_def(std::uint32_t number) { return classes_[number]; }
  /// The class of the object that the next value is, or refers to; empty for other values. Moves nothing.
  std::string_view peek_class();
  /// The same as a definition; null for other values. Valid until the next read.
  const ClassDef* peek_class_def();
  /// Walks the field names of a definition: start with def.fields_at, call field_count times.
  std::string_view next_field_name(std::uint32_t& at) const;
  /// Takes in a class definition that is byte for byte the expected one, without looking at its parts; false, and
  /// nothing moved, where the stream has anything else here.
  bool take_definition(const Definition& expected, const void* plan_owner, std::uint32_t plan_at);

  /// The number of the list, map or object that is meant; it began earlier in the stream.
  std::uint32_t read_reference();
  std::uint32_t references() const { return next_reference_; }

  /// Goes back to where a referenced value stands, so that it can be read once more; leave() returns.
  /// The bytes read again are bounded by Limits::max_repeated_bytes.
  struct Jump {
    const std::uint8_t* back;
    std::uint32_t reference, type, class_number;
  };
  bool enter(std::uint32_t reference, Jump& jump);
  void leave(const Jump& jump);

  /// Passes over the next value; the tables take in what it holds.
  void skip();

  // What codecs remember about this stream.
  SmallVector<std::uint16_t, 64>& plans() { return plans_; }
  /// Objects with identity that were built from this stream, by reference number and C++ type. One is being read from
  /// share() until shared_is_read(); `being_read`, where given, tells.
  std::shared_ptr<void> shared(std::uint32_t reference, const void* type, bool* being_read = nullptr) const;
  void share(std::uint32_t reference, const void* type, std::shared_ptr<void> object);
  void shared_is_read(std::uint32_t reference, const void* type);

  struct Place {
    std::uint32_t offset;
    std::uint16_t types, classes;  ///< how many there were when the value began
  };
  /// What the values read so far registered: with it the same values at the front of another stream need no reading.
  struct Front {
    struct Text {
      std::uint32_t at, size;
    };
    std::uint32_t end = 0;
    std::uint32_t nodes = 0;
    std::vector<Place> places;
    std::vector<Text> types;
    std::vector<ClassDef> classes;
    std::vector<Text> class_names;
  };
  /// Between two values only, before a codec has read anything.
  void keep_front(Front& front) const;
  /// Takes the front for read: its bytes are the same, but for text whose characters are as many and ASCII. Only at the
  /// start of a stream; `front` may go afterwards.
  void pass_front(const Front& front);

 private:
  struct Remembered;
  struct Number {
    bool real = false;
    std::int64_t integer = 0;
    double floating = 0;
  };

  static const std::array<Kind, 256> kKinds;

  Kind peek_behind_definitions();
  void read_definition();
  std::string_view read_name();
  std::string_view read_raw_name(std::size_t units);
  std::string_view read_type();
  bool read_number(Number& out);
  bool need(std::size_t bytes);
  std::uint64_t big_endian(std::size_t bytes);
  bool begin_value(std::uint32_t& reference);
  bool take_plain_text(std::string_view& text);
  bool count_node();
  void charge_repeated();
  template <class Chunk>
  bool chunks(std::string_view wanted, Chunk&& chunk);
  void end_compound() { --depth_; }
  void skip_chunks();

  const std::uint8_t* begin_;
  const std::uint8_t* cur_;
  const std::uint8_t* end_;
  const Registry* registry_;
  Limits limits_;
  int code_ = 0;
  std::uint32_t depth_ = 0;
  std::uint32_t nodes_ = 0;
  std::uint64_t repeated_ = 0;
  std::uint32_t jumps_ = 0;       // how many references are being followed
  std::uint32_t charged_to_ = 0;  // offset up to which repeated_ counts
  // Reading again from an earlier place meets definitions and types that the tables hold already: these say how far.
  std::uint32_t next_reference_ = 0;
  std::uint32_t next_type_ = 0;
  std::uint32_t next_class_ = 0;
  SmallVector<Place, 24> places_;
  SmallVector<std::string_view, 8> types_;
  SmallVector<ClassDef, 8> classes_;
  SmallVector<std::uint16_t, 64> plans_;
  std::unique_ptr<Remembered> remembered_;
  std::unique_ptr<Error> error_;
};

}  // namespace sofa::hessian
