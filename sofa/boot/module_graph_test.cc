#include "sofa/boot/module_graph.h"

#include <algorithm>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sofa::boot {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Manifest module(std::string name, std::vector<std::string> requires_modules = {}) {
  Manifest made;
  made.name = std::move(name);
  made.requires_modules = std::move(requires_modules);
  return made;
}

std::string why(std::vector<Manifest> modules) {
  return resolve(modules).error().message();
}

TEST(ModuleGraph, NamesAllThatIsMissing) {
  EXPECT_THAT(why({module("a", {"b", "c"}), module("d", {"e"})}),
              AllOf(HasSubstr("'a' requires 'b'"), HasSubstr("'a' requires 'c'"), HasSubstr("'d' requires 'e'")));
}

TEST(ModuleGraph, NamesCirclesInFull) {
  EXPECT_THAT(why({module("a", {"b"}), module("b", {"c"}), module("c", {"a"}), module("x", {"y"}), module("y", {"x"})}),
              AllOf(HasSubstr("a → b → c → a"), HasSubstr("x → y → x")));
}

TEST(ModuleGraph, NamesTwoOfOneName) {
  EXPECT_THAT(why({module("a"), module("a")}), HasSubstr("two modules 'a'"));
}

TEST(ModuleGraph, PutsRequirementsFirst) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Manifest> modules;
    for (unsigned i = 0; i < 50; ++i) {
      Manifest& made = modules.emplace_back(module(fmt::format("m{}", i)));
      for (unsigned edge = random() % 4; i > 0 && edge > 0; --edge) {
        made.requires_modules.push_back(fmt::format("m{}", random() % i));
      }
    }
    std::ranges::shuffle(modules, random);
    const std::vector<std::size_t> order = resolve(modules).value();
    ASSERT_EQ(order.size(), modules.size());
    std::set<std::string> started;
    for (const std::size_t index : order) {
      for (const std::string& name : modules[index].requires_modules) ASSERT_TRUE(started.contains(name)) << seed;
      started.insert(modules[index].name);
    }
  }
}

}  // namespace
}  // namespace sofa::boot
