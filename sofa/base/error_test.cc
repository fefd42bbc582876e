#include "sofa/base/error.h"

#include <gtest/gtest.h>

namespace sofa {
namespace {

enum class DiskError { kFull = 1, kGone };
const ErrorPart& error_part(DiskError) {
  static const ErrorPart part{"disk", [](int code) -> std::string_view { return code == 1 ? "full" : "gone"; }};
  return part;
}

Result<int> half(int x) {
  if (x % 2) return fail(DiskError::kFull, "cannot halve {}: pass an even number", x);
  return x / 2;
}
Result<int> quarter(int x) {
  SOFA_TRY(int h, half(x));
  return half(h);
}

TEST(Error, TravelsThroughResults) {
  EXPECT_EQ(quarter(8).value(), 2);
  auto failed = quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().is(DiskError::kFull));
  EXPECT_FALSE(failed.error().is(DiskError::kGone));
  EXPECT_STREQ(failed.error().what(), "disk/full: cannot halve 3: pass an even number");
}

TEST(Error, NamesItsCause) {
  Error error = Error(DiskError::kGone, "write failed", Retriable::kYes).caused_by(Error(DiskError::kFull, "no room"));
  EXPECT_TRUE(error.retriable());
  EXPECT_STREQ(error.what(), "disk/gone: write failed (caused by disk/full: no room)");
  EXPECT_TRUE(error.cause()->is(DiskError::kFull));
}

TEST(Error, RaisesWhatWasThrown) {
  EXPECT_THROW(Error(DiskError::kGone, "x").raise(), Error);
  Error carried = Error(DiskError::kGone, "x").carrying(std::make_exception_ptr(std::runtime_error("own")));
  EXPECT_THROW(carried.raise(), std::runtime_error);
}

}  // namespace
}  // namespace sofa
