// Any bytes: the decoder ends, reads nothing beyond them, and a sound frame encodes to the bytes it came from.
// Seed the corpus with tests/golden/bolt/*.bin.
#include <cstdlib>
#include <memory>

#include "sofa/wire/bolt/frame.h"
#include "sofa/wire/bolt/notation.h"

namespace {

using namespace sofa;
using namespace sofa::bolt;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_frame(const FrameView& frame) {
  to_json(frame, Notation::kReadable);
  to_json(frame, Notation::kTyped);
  Bytes again;
  const auto result = append_again(again, frame, frame.content);
  require(result.has_value() == is_sound(frame.header));
  if (result) require(as_text(again) == as_text(frame.bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Limits limits;
  BytesView in(data, size);
  while (!in.empty()) {
    FrameView frame;
    const Decoded got = decode(in, limits, frame);
    if (got.outcome == Outcome::kNeedMore) {
      require(got.size > in.size());
      return 0;
    }
    if (got.outcome == Outcome::kError) {
      describe(got, in, frame, limits);
      if (got.error == BoltError::kBadCrc) to_json(frame, Notation::kTyped);
      if (got.size == 0 || got.size > in.size()) return 0;
    } else {
      require(got.size > 0 && got.size <= in.size());
      check_frame(frame);
    }
    in = in.subspan(got.size);
  }
  return 0;
}
