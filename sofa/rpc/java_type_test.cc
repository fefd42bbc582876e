#include "sofa/rpc/java_type.h"

#include <gtest/gtest.h>

#include "sofa/rpc/signature.h"
#include "sofa/wire/hessian/hessian.h"

namespace sofa::rpc {
namespace {

TEST(JavaType, KnowsBothSpellingsOfAnArray) {
  EXPECT_TRUE(same_java_type("[B", "byte[]"));
  EXPECT_TRUE(same_java_type("java.lang.String[][]", "[[Ljava.lang.String;"));
  EXPECT_TRUE(same_java_type("int", "int"));
  EXPECT_FALSE(same_java_type("[B", "byte"));
  EXPECT_FALSE(same_java_type("[B", "[[B"));
  EXPECT_FALSE(same_java_type("[I", "long[]"));
  EXPECT_FALSE(same_java_type("java.util.List", "[L"));
  EXPECT_FALSE(same_java_type("[", "[]"));
}

TEST(JavaType, IsSpelledAsJavaClientsDo) {
  EXPECT_EQ(java_signature<Bytes>, "[B");
  EXPECT_EQ(java_signature<hessian::Array<std::int32_t>>, "[I");
  EXPECT_EQ(java_signature<hessian::Array<std::optional<std::string>>>, "[Ljava.lang.String;");
  EXPECT_EQ(java_signature<hessian::Array<hessian::Array<double>>>, "[[D");
  EXPECT_EQ(java_signature<std::optional<std::int32_t>>, "java.lang.Integer");
}

}  // namespace
}  // namespace sofa::rpc
