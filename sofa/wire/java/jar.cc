#include "sofa/wire/java/jar.h"

#include <algorithm>
#include <memory>

#include <zlib.h>

namespace sofa::java {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kDirectory = 0x02014b50, kLocal = 0x04034b50;
constexpr std::size_t kEndBytes = 22, kDirectoryBytes = 46, kLocalBytes = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint32_t kFreeBytes = 64 * 1024;  // whose ratio does not matter

std::uint32_t little(BytesView bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = size; i-- > 0;) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}
std::uint16_t u2(BytesView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(little(bytes, at, 2));
}
std::uint32_t u4(BytesView bytes, std::size_t at) {
  return little(bytes, at, 4);
}

/// Where the end record stands: the last one whose comment reaches exactly to the end. Or npos.
std::size_t find_end(BytesView bytes) {
  if (bytes.size() < kEndBytes) return std::string_view::npos;
  const std::size_t last = bytes.size() - kEndBytes;
  const std::size_t first = last > kLongestComment ? last - kLongestComment : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    if (u4(bytes, at) == kEnd && at + kEndBytes + u2(bytes, at + 20) == bytes.size()) return at;
  }
  return std::string_view::npos;
}

Result<void> inflate_into(BytesView packed, Bytes& content, std::string_view name) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return fail(JavaError::kDamaged, "zlib cannot start for {}", name);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = const_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = content.data();
  stream.avail_out = static_cast<uInt>(content.size());
  if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_out != 0) {
    return fail(JavaError::kDamaged, "{} does not inflate to the {} bytes that the jar's directory says", name,
                content.size());
  }
  return {};
}

}  // namespace

bool Jar::looks_like(BytesView bytes) {
  return bytes.size() >= 4 && (u4(bytes, 0) == kLocal || u4(bytes, 0) == kEnd);
}

Result<Jar> Jar::open(BytesView bytes, const Limits& limits) {
  const std::size_t end = find_end(bytes);
  if (end == std::string_view::npos) {
    return fail(JavaError::kNotAJar, "no zip directory at the end of these {} bytes: is the jar complete?",
                bytes.size());
  }
  const std::uint16_t count = u2(bytes, end + 10);
  const std::uint32_t start = u4(bytes, end + 16);
  if (u2(bytes, end + 4) != 0 || count == 0xffff || start == 0xffffffff) {
    return fail(JavaError::kUnsupported, "a zip in several volumes or of the zip64 kind: pack the classes anew");
  }
  if (count > limits.files) {
    return fail(JavaError::kTooLarge, "{} files in one jar, and the limit is {}", count, limits.files);
  }
  Jar jar;
  jar.bytes_ = bytes;
  jar.limits_ = limits;
  jar.files_.reserve(std::min<std::size_t>(count, bytes.size() / kDirectoryBytes));
  std::size_t at = start;
  for (std::uint16_t i = 0; i < count; ++i) {
    if (at > end || end - at < kDirectoryBytes || u4(bytes, at) != kDirectory) {
      return fail(JavaError::kDamaged, "entry {} of {} of the jar's directory is not at {}", i, count, at);
    }
    const std::size_t name = u2(bytes, at + 28);
    const std::size_t whole = kDirectoryBytes + name + u2(bytes, at + 30) + u2(bytes, at + 32);
    if (end - at < whole) return fail(JavaError::kDamaged, "entry {} of the jar's directory is cut off", i);
    jar.files_.push_back({.name = as_text(bytes.subspan(at + kDirectoryBytes, name)),
                          .offset = u4(bytes, at + 42),
                          .packed = u4(bytes, at + 20),
                          .size = u4(bytes, at + 24),
                          .crc = u4(bytes, at + 16),
                          .method = u2(bytes, at + 10),
                          .flags = u2(bytes, at + 8)});
    at += whole;
  }
  return jar;
}

Result<void> Jar::read(const File& file, Bytes& content) {
  if ((file.flags & 1) != 0) return fail(JavaError::kUnsupported, "{} is encrypted", file.name);
  if (file.method != kStored && file.method != kDeflated) {
    return fail(JavaError::kUnsupported, "{} is packed by method {}, and a jar has 0 and 8", file.name, file.method);
  }
  const bool swollen = file.size > kFreeBytes && file.size / limits_.ratio > file.packed;
  if (file.size > limits_.file_bytes || swollen || inflated_ + file.size > limits_.inflated_bytes) {
    return fail(JavaError::kTooLarge, "{} is {} bytes out of {}: the limits are {} a file, {} a jar, 1:{}", file.name,
                file.size, file.packed, limits_.file_bytes, limits_.inflated_bytes, limits_.ratio);
  }
  inflated_ += file.size;
  const std::size_t at = file.offset;
  if (at > bytes_.size() || bytes_.size() - at < kLocalBytes || u4(bytes_, at) != kLocal) {
    return fail(JavaError::kDamaged, "{} is not where the jar's directory says", file.name);
  }
  const std::size_t data = at + kLocalBytes + u2(bytes_, at + 26) + u2(bytes_, at + 28);
  if (data > bytes_.size() || bytes_.size() - data < file.packed) {
    return fail(JavaError::kDamaged, "{} reaches beyond the end of the jar", file.name);
  }
  const BytesView packed = bytes_.subspan(data, file.packed);
  if (file.method == kStored && packed.size() != file.size) {
    return fail(JavaError::kDamaged, "{} is stored in {} bytes and {} long", file.name, packed.size(), file.size);
  }
  content.resize(file.size);
  if (file.method == kDeflated && !content.empty()) {
    SOFA_TRY_VOID(inflate_into(packed, content, file.name));
  } else {
    std::copy_n(packed.begin(), content.size(), content.begin());
  }
  const auto crc = content.empty() ? 0 : crc32(0, content.data(), static_cast<uInt>(content.size()));
  if (crc != file.crc) return fail(JavaError::kDamaged, "the checksum of {} is wrong", file.name);
  return {};
}

}  // namespace sofa::java
