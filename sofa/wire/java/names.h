// Java's names as C++ has them, so that sofa's rule (snake_case to camelCase, base/reflect.h) gives the Java name back.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sofa::java {

/// `txId` is tx_id, `getURL` get_url, `delete` delete_.
std::string snake_case(std::string_view java);
/// Whether the rule makes `java` out of `cpp`; otherwise a java_names table has to.
bool maps_back(std::string_view cpp, std::string_view java);
/// A class's name without its package, nested ones with the outer before: `dev.sofa.Order$Item` is OrderItem.
std::string class_name(std::string_view java);
/// The last word of a package, as a namespace.
std::string namespace_of(std::string_view java_class);
/// Whether C++ can call a thing exactly so: an identifier, no keyword, no usual macro.
bool is_plain(std::string_view name);

/// Names of one scope: each is given out once.
class Scope {
 public:
  /// `wish`; where that is taken with an underscore behind, which the rule takes away again, or with a number.
  std::string take(const std::string& wish);
  /// False where it is taken.
  bool try_take(const std::string& wish) { return taken_.insert(wish).second; }
  bool is_taken(std::string_view name) const { return taken_.contains(name); }

 private:
  std::set<std::string, std::less<>> taken_;
  std::map<std::string, int>
      last_;  // numbers that were given out, so that a thousand equal wishes cost no million looks
};

}  // namespace sofa::java
