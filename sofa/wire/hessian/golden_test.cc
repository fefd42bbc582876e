// Every file that the Java library wrote: read completely, written again to the same bytes.
#include <gtest/gtest.h>

#include "sofa/wire/hessian/golden_files.h"
#include "sofa/wire/hessian/value.h"

namespace sofa::hessian {
namespace {

TEST(Golden, EveryFileComesBackByteForByteThroughValues) {
  std::size_t files = 0;
  for (const auto& entry : golden_manifest()) {
    SCOPED_TRACE(entry.file);
    const Bytes bytes = golden_bytes(entry.file);
    const auto values = read_values(bytes);
    ASSERT_TRUE(values) << values.error().what();
    if (entry.values.is_array()) EXPECT_EQ(values->size(), entry.values.size());
    EXPECT_EQ(write_values(*values), bytes);
    ++files;
  }
  EXPECT_EQ(files, 318U);
}

TEST(Golden, EveryFileIsPassedOverWithTheSameTables) {
  for (const auto& entry : golden_manifest()) {
    SCOPED_TRACE(entry.file);
    const Bytes bytes = golden_bytes(entry.file);
    Reader skipping(bytes);
    Reader reading(bytes);
    while (!reading.at_end()) {
      skipping.skip();
      read_value(reading);
      ASSERT_TRUE(skipping.ok()) << skipping.error().what();
      EXPECT_EQ(skipping.offset(), reading.offset());
      EXPECT_EQ(skipping.references(), reading.references());
    }
  }
}

TEST(Golden, EveryCutFileIsAnErrorOrFewerValues) {
  for (const auto& entry : golden_manifest()) {
    const Bytes bytes = golden_bytes(entry.file);
    const std::size_t step = bytes.size() / 64 + 1;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
      Reader from(BytesView(bytes).first(size));
      std::size_t values = 0;
      for (; from.ok() && !from.at_end(); ++values) read_value(from);
      if (from.ok()) EXPECT_LT(values, std::max<std::size_t>(entry.count, 1)) << entry.file << " at " << size;
    }
  }
}

}  // namespace
}  // namespace sofa::hessian
