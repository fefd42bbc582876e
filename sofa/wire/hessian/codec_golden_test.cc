// Every golden file read into C++ types and written from them again, to the same bytes.
#include "sofa/wire/hessian/codec_golden_test.h"

#include <gtest/gtest.h>

#include "sofa/wire/hessian/golden_files.h"

namespace sofa::hessian {
namespace {

TEST(CodecGolden, EveryFileComesBackByteForByteThroughCppTypes) {
  GoldenCodecs codecs = plain_golden_codecs();
  codecs.merge(object_golden_codecs());
  for (const auto& entry : golden_manifest()) {
    SCOPED_TRACE(entry.file);
    const auto codec = codecs.find(entry.kind);
    ASSERT_NE(codec, codecs.end()) << "no C++ type for kind " << entry.kind;
    const Bytes bytes = golden_bytes(entry.file);
    const auto written = codec->second(bytes);
    ASSERT_TRUE(written) << written.error().what();
    EXPECT_EQ(*written, bytes);
  }
}

}  // namespace
}  // namespace sofa::hessian
