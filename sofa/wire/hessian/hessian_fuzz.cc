// Any bytes: passed over, read as values, and read as C++ types, within small limits. What is read as values is written
// and read again to equal values and the same bytes. Seeds: the files of tests/golden/hessian.
#include <cstdint>
#include <cstdlib>

#include "sofa/wire/hessian/bank_types.h"
#include "sofa/wire/hessian/notation.h"

namespace sofa::hessian {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

Limits small() {
  Limits limits;
  limits.max_depth = 200;
  limits.max_nodes = 1 << 16;
  limits.max_repeated_bytes = 1 << 16;
  return limits;
}

template <class T>
void read_typed(BytesView bytes) {
  const auto value = from_bytes<T>(bytes, nullptr, small());
  if (value) {
    // What was read can be written; what was written reads again.
    const Bytes written = to_bytes(*value);
    require(from_bytes<T>(written, nullptr, Limits()).has_value());
  }
}

void run(BytesView bytes) {
  const auto values = read_values(bytes, small());
  Reader skipping(bytes, small());
  while (skipping.ok() && !skipping.at_end()) skipping.skip();
  if (values) {
    require(skipping.ok());
    const Bytes written = write_values(*values);
    const auto again = read_values(written);
    require(again.has_value() && again->size() == values->size());
    for (std::size_t i = 0; i < values->size(); ++i) {
      // -0.0 is written without its sign, so the first writing may differ, the second may not.
      if (written == Bytes(bytes.begin(), bytes.end())) require(again->at(i) == values->at(i));
      to_json(values->at(i), Notation::kPlain);
      to_json(values->at(i), Notation::kTyped);
    }
    require(write_values(*again) == written);
  }
  read_typed<bank::TransferRequest>(bytes);
  read_typed<bank::AllTypes>(bytes);
  read_typed<std::shared_ptr<bank::Node>>(bytes);
  read_typed<std::shared_ptr<Throwable>>(bytes);
  read_typed<std::vector<std::variant<bank::Leg, Value>>>(bytes);
  read_typed<LocalDateTime>(bytes);
  read_typed<BigInteger>(bytes);
}

}  // namespace
}  // namespace sofa::hessian

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sofa::hessian::run({data, size});
  return 0;
}
