// Writer: puts Hessian values (SOFARPC's 3.x dialect) into a Sink, byte for byte as the Java writer does.
//
// Use it to write codecs by hand; for C++ types see codec.h, for values of unknown shape value.h.
//
//   Bytes out;
//   BytesSink sink(out);
//   Writer to(sink);
//   to.write_string("hello");
//   to.begin_list("[int", 2); to.write_int(1); to.write_int(2); to.end_list();
//   to.finish();
//
// Tables of classes, types and references go on over all values that one writer writes. The constant front of a stream
// can be encoded once: `tables()` behind it says what it registered, `write_raw` + `resume` put it in front of another.
// Ownership: names and Definitions that are handed in as views must outlive the writer. Threads: one at a time. Writing
// cannot fail; the caller gives valid counts (a list of n is followed by n values). No allocation while tables are
// small.
#pragma once

#include <cstdint>
#include <cstring>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/base/bytes.h"
#include "sofa/wire/hessian/definition.h"
#include "sofa/wire/hessian/sink.h"
#include "sofa/wire/hessian/small.h"

namespace sofa::hessian {

class Writer {
 public:
  explicit Writer(Sink& sink) : sink_(sink) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Hands what is buffered to the sink. Call it once, at the end.
  void finish() { sink_.grow(static_cast<std::size_t>(cur_ - begin_), 0), begin_ = cur_ = end_ = nullptr; }

  void write_null() { put('N'); }
  void write_bool(bool value) { put(value ? 'T' : 'F'); }
  void write_int(std::int32_t value) {
    if (value >= -16 && value <= 47) [[likely]] {
      put(static_cast<std::uint8_t>(0x90 + value));
    } else {
      write_wide_int(value);
    }
  }
  void write_long(std::int64_t value);
  void write_double(double value);
  /// Milliseconds since 1970 (UTC).
  void write_date(std::int64_t ms);
  /// UTF-8; bytes that are none are written as U+FFFD.
  void write_string(std::string_view utf8);
  void write_binary(BytesView bytes);

  /// `length` -1 is a list that its end mark ends. An empty type is none.
  void begin_list(std::string_view type, std::int32_t length) { open_lists_.push_back(put_list(type, length)); }
  void end_list();
  void begin_map(std::string_view type);
  void end_map() { put('z'); }
  /// Puts the class definition first where the stream has none yet; the fields follow, in the definition's order.
  void begin_object(const Definition& definition);
  void write_reference(std::uint32_t reference);

  /// For values with identity: writes a reference where `object` was remembered as the same `type`.
  bool write_known(const void* object, const void* type);
  /// The list, map or object begun next is `object`. `owner` keeps it alive as long as this writer can refer to it;
  /// null for what outlives the writer anyway.
  void remember(const void* object, const void* type, std::shared_ptr<const void> owner);
  /// Both in one: true when a reference was written, else the next value is remembered.
  bool write_if_known(const void* object, const void* type, std::shared_ptr<const void> owner) {
    if (write_known(object, type)) return true;
    remember(object, type, std::move(owner));
    return false;
  }

  /// Bytes that are Hessian already. What they register must be told by resume().
  void write_raw(BytesView bytes) { put(bytes.data(), bytes.size()); }

  /// What the stream so far has registered.
  struct Tables {
    std::vector<std::string> types;
    std::vector<std::string> definitions;
    std::uint32_t references = 0;
  };
  Tables tables() const;
  /// Goes on behind bytes that registered `tables`, which must outlive this writer. Only before anything is registered.
  void resume(const Tables& tables);

  /// Copies of a name and a definition that live as long as this writer.
  std::string_view keep(std::string_view name) { return kept_.emplace_front(name); }
  const Definition& keep(Definition definition) { return kept_definitions_.emplace_front(std::move(definition)); }
  void keep(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

 private:
  friend struct Definition;
  struct Identity {
    const void* object;
    const void* type;
    bool operator==(const Identity&) const = default;
  };
  struct IdentityHash {
    std::size_t operator()(const Identity& id) const {
      const std::hash<const void*> hash;
      return hash(id.object) * 31 + hash(id.type);
    }
  };

  void put(char tag) { put(static_cast<std::uint8_t>(tag)); }
  void put(std::uint8_t byte) {
    if (cur_ == end_) [[unlikely]]
      more(1);
    *cur_++ = byte;
  }
  void put(const std::uint8_t* bytes, std::size_t size) {
    if (static_cast<std::size_t>(end_ - cur_) < size) [[unlikely]]
      return put_pieces(bytes, size);
    if (size == 0) return;  // an empty view may be null, which memcpy may not be given
    std::memcpy(cur_, bytes, size);
    cur_ += size;
  }
  void room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - cur_) < bytes) [[unlikely]]
      more(bytes);
  }
  void more(std::size_t need);
  void put_pieces(const std::uint8_t* bytes, std::size_t size);
  template <class T>
  void put_tagged(char tag, T value);
  void write_wide_int(std::int32_t value);
  void put_ascii(std::string_view text);
  void put_units(std::string_view utf8, std::size_t units);
  void put_data(std::string_view utf8);
  void put_type(std::string_view type);
  void put_name(std::string_view name, void (*length)(Writer&, std::size_t units));
  bool put_list(std::string_view type, std::int32_t length);

  Sink& sink_;
  std::uint8_t* begin_ = nullptr;
  std::uint8_t* cur_ = nullptr;
  std::uint8_t* end_ = nullptr;
  std::uint32_t references_ = 0;
  SmallVector<std::uint8_t, 32> open_lists_;  // whether each has an end mark
  SmallMap<std::string_view, std::uint32_t, 8> types_;
  SmallMap<std::string_view, std::uint32_t, 8> classes_;  // by definition
  SmallMap<Identity, std::uint32_t, 8, IdentityHash> known_;
  std::vector<std::shared_ptr<const void>> owners_;
  std::forward_list<std::string> kept_;
  std::forward_list<Definition> kept_definitions_;
};

}  // namespace sofa::hessian
