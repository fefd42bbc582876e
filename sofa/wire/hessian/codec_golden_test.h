// What codec_golden_*_test.cc share: each kind of golden file, read into C++ types and written from them again.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "sofa/wire/hessian/bank_types.h"

namespace sofa::hessian {

using GoldenCodecs = std::map<std::string, std::function<Result<Bytes>(BytesView)>>;
/// By kind: scalars, lists, maps and arrays; and objects, graphs, the JDK's classes, exceptions.
GoldenCodecs plain_golden_codecs();
GoldenCodecs object_golden_codecs();

inline const Registry& golden_registry() {
  static const Registry made = Registry().add<bank::InsufficientFunds>().add<bank::Undeclared>();
  return made;
}

/// Reads the values as these types, one after the other, and writes them again.
template <class... T>
Result<Bytes> again(BytesView bytes) {
  Reader from(bytes, {}, &golden_registry());
  std::tuple<T...> values;
  std::apply([&](T&... value) { (decode(from, value) && ...); }, values);
  if (!from.ok()) return tl::unexpected<Error>(from.error());
  if (!from.at_end()) from.fail(HessianError::kMismatch, "not all was read");
  Bytes out;
  BytesSink sink(out);
  Writer to(sink);
  std::apply([&](const T&... value) { (encode(to, value), ...); }, values);
  to.finish();
  return out;
}

using Any = Value;
template <class T>
using Shared = std::shared_ptr<T>;
using Thrown = std::shared_ptr<Throwable>;

}  // namespace sofa::hessian
