#include "sofa/wire/java/header_writer.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/wire/java/golden_test.h"

namespace sofa::java {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string golden_text(const std::string& name) {
  const Bytes bytes = golden(name);
  return std::string(as_text(bytes));
}

/// The header of a golden jar.
std::string header_of(const std::string& jar, const Facade::Choice& choice = {}, std::string name_space = {}) {
  Library library;
  if (auto added = library.add(golden(jar), Library::Use::kImport); !added) return added.error().message();
  const auto facade = Facade::of(library, choice);
  if (!facade) return facade.error().message();
  return write_header(*facade, {.name_space = std::move(name_space), .source = jar});
}

TEST(HeaderWriter, TheBankAsAPersonWouldWriteIt) {
  EXPECT_EQ(header_of("bank-facade.jar", {}, "imported"), golden_text("bank_facade.h"));
}

TEST(HeaderWriter, GenericsChoicesOverloadsParentsAndNamesThatCppCannotHave) {
  EXPECT_EQ(header_of("shop-facade.jar"), golden_text("shop_facade.h"));
}

TEST(HeaderWriter, AMutantThatPutsParentsFieldsFirstIsFound) {
  activate_mutant("parents-fields-first");
  const std::string header = header_of("shop-facade.jar");
  activate_mutant(nullptr);
  EXPECT_NE(header, golden_text("shop_facade.h"));
}

TEST(HeaderWriter, OnlyTheInterfacesThatAreMeant) {
  const std::string header = header_of("bank-facade.jar", {.interfaces = {"EchoService"}});
  EXPECT_THAT(header, HasSubstr("SOFA_SERVICE(bank::EchoService, \"dev.sofa.bank.EchoService\", echo, echo_bytes, "
                                "slow_echo)"));
  EXPECT_THAT(header, Not(HasSubstr("AccountService")));
  EXPECT_THAT(header, Not(HasSubstr("TransferRequest")));
}

TEST(HeaderWriter, WhatIsNoFacadeSaysWhy) {
  EXPECT_THAT(header_of("shop-facade.jar", {.interfaces = {"dev.sofa.shop.Order"}}),
              StartsWith("dev.sofa.shop.Order is a class of the jar, and no interface"));
  EXPECT_THAT(header_of("shop-facade.jar", {.package = "dev.nobody"}),
              StartsWith("no public interface among the 25 classes is in package dev.nobody"));
  Library library;
  ASSERT_TRUE(library.add(golden("shop-facade.jar"), Library::Use::kImport));
  const auto facade = Facade::of(library, {});
  ASSERT_TRUE(facade);
  EXPECT_THAT(facade->passed_over(), ElementsAre("dev.sofa.shop.UploadService: upload has java.io.InputStream"));
}

}  // namespace
}  // namespace sofa::java
