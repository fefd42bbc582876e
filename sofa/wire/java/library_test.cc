#include "sofa/wire/java/library.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sofa/base/mutant.h"
#include "sofa/wire/java/golden_test.h"
#include "sofa/wire/java/type.h"

namespace sofa::java {
namespace {

using testing::ElementsAre;

Bytes class_bytes(std::string_view name) {
  const Bytes bytes = bank_jar();
  auto jar = Jar::open(bytes);
  Bytes content;
  for (const Jar::File& file : jar->files()) {
    if (file.name == name) EXPECT_TRUE(jar->read(file, content));
  }
  return content;
}

std::vector<std::string> written_fields(const ClassFile& file) {
  std::vector<std::string> names;
  for (const Member& field : file.fields) {
    if (!field.is(kStatic | kTransient)) names.push_back(field.name + " " + field.type);
  }
  return names;
}

const Member& method_of(const ClassFile& file, std::string_view name) {
  return *std::find_if(file.methods.begin(), file.methods.end(), [&](const Member& m) { return m.name == name; });
}

TEST(Library, KnowsTheClassesOfAJar) {
  Library library;
  ASSERT_TRUE(library.add(bank_jar(), Library::Use::kImport));
  EXPECT_EQ(library.size(), 10u);
  EXPECT_TRUE(library.left_out().empty());

  const ClassFile* leg = library.find("dev.sofa.bank.Leg");
  ASSERT_NE(leg, nullptr);
  EXPECT_EQ(leg->parent, "java.lang.Object");
  EXPECT_THAT(leg->interfaces, ElementsAre("java.io.Serializable"));
  EXPECT_THAT(written_fields(*leg),
              ElementsAre("account Ljava/lang/String;", "amount Ljava/math/BigDecimal;", "credit Z", "sequence I"));
}

TEST(Library, KeepsGenericsExceptionsAndParameters) {
  Library library;
  ASSERT_TRUE(library.add(bank_jar(), Library::Use::kImport));
  const ClassFile* service = library.find("dev.sofa.bank.AccountService");
  ASSERT_NE(service, nullptr);
  EXPECT_TRUE(service->is(kInterface));
  const Member& withdraw = method_of(*service, "withdraw");
  EXPECT_THAT(withdraw.throws, ElementsAre("dev.sofa.bank.InsufficientFundsException"));
  EXPECT_THAT(withdraw.parameters, ElementsAre("account", "amount"));
  EXPECT_EQ(method_of(*service, "nothing").signature, "()Ljava/util/Map<Ljava/lang/String;Ljava/util/Date;>;");
  EXPECT_EQ(std::count_if(service->methods.begin(), service->methods.end(),
                          [](const Member& m) { return m.name == "overload"; }),
            3);
  EXPECT_TRUE(library.find("dev.sofa.bank.Currency")->is(kEnum));
}

TEST(Library, KnowsWhoExtendsWhom) {
  Library library;
  ASSERT_TRUE(library.add(bank_jar(), Library::Use::kImport));
  const auto thrown = library.subclasses("java.lang.RuntimeException");
  ASSERT_EQ(thrown.size(), 1u);
  EXPECT_EQ(thrown[0]->name, "dev.sofa.bank.UndeclaredException");
  EXPECT_THAT(library.ancestors(*library.find("dev.sofa.bank.Leg")),
              ElementsAre("java.lang.Object", "java.io.Serializable"));
}

TEST(ClassFile, ThatIsCutOffIsAnError) {
  const Bytes whole = class_bytes("dev/sofa/bank/AllTypes.class");
  ASSERT_TRUE(read_class(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(read_class(BytesView(whole).first(size))) << size;
  }
}

TEST(ClassFile, WithAnyByteChangedIsReadOrRefused) {
  const Bytes whole = class_bytes("dev/sofa/bank/AccountService.class");
  int read = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int other : {0, 0x7f, 0xff}) {
      Bytes damaged = whole;
      damaged[at] = static_cast<std::uint8_t>(other);
      const auto file = read_class(damaged);
      if (!file) continue;
      ++read;
      for (const Member& method : file->methods) EXPECT_TRUE(is_harmless(method.name) && is_harmless(method.signature));
    }
  }
  EXPECT_GT(read, 0);
}

#ifdef SOFA_MUTANTS
/// serialVersionUID is a long among the constants of every class of the jar.
TEST(ClassFile, FindsWideConstantsThatTakeOneSlot) {
  const Bytes whole = class_bytes("dev/sofa/bank/Leg.class");
  activate_mutant("wide-constant-one-slot");
  const auto file = read_class(whole);
  activate_mutant(nullptr);
  EXPECT_FALSE(file);
}
TEST(ClassFile, FindsNamesThatCouldEndALiteral) {
  Bytes damaged = class_bytes("dev/sofa/bank/Leg.class");
  const std::string_view text = as_text(damaged);
  damaged[text.find("account") + 3] = '"';
  EXPECT_FALSE(read_class(damaged));
  activate_mutant("names-unjudged");
  const auto file = read_class(damaged);
  activate_mutant(nullptr);
  EXPECT_TRUE(file);
}
#endif

TEST(Type, ReadsDescriptorsAndSignatures) {
  const auto method = parse_method("(Ljava/util/List<+Ldev/sofa/bank/Leg;>;[[JI)Ljava/util/Map<Ljava/lang/String;*>;");
  ASSERT_TRUE(method);
  ASSERT_EQ(method->parameters.size(), 3u);
  EXPECT_EQ(method->parameters[0].name, "java.util.List");
  EXPECT_TRUE(method->parameters[0].arguments[0].is("dev.sofa.bank.Leg"));
  EXPECT_EQ(runtime_name(method->parameters[1]), "[[J");
  EXPECT_EQ(runtime_name(method->parameters[2]), "int");
  EXPECT_TRUE(method->result.arguments[1].is("java.lang.Object"));

  const auto type = parse_class("<T:Ljava/lang/Object;U::Ljava/util/List<TT;>;>Ldev/A<TT;>.B;Ljava/io/Serializable;");
  ASSERT_TRUE(type);
  ASSERT_EQ(type->variables.size(), 2u);
  EXPECT_EQ(type->variables[1].bound.name, "java.util.List");
  EXPECT_EQ(type->parents[0].name, "dev.A$B");
}

TEST(Type, RefusesWhatIsNone) {
  for (const char* text : {"", "L", "Ljava/lang/String", "Q", "[", "II", "Ljava/util/List<;", "T;"}) {
    EXPECT_FALSE(parse_type(text)) << text;
  }
  EXPECT_TRUE(parse_type(std::string(kDeepest, '[') + "I"));
  EXPECT_FALSE(parse_type(std::string(kDeepest + 1, '[') + "I"));
}

}  // namespace
}  // namespace sofa::java
