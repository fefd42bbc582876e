// The classes of some jars, by name, and who extends whom.
//
//   Library library;
//   SOFA_TRY_VOID(library.add(jar, Library::Use::kImport));
//   library.find("dev.sofa.bank.Leg")->fields …
//
// A damaged class is left out and listed, so that one of them does not cost the others; a damaged jar is an error.
// Ownership: holds what it read, nothing of the bytes. Threads: one while adding, then any.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sofa/wire/java/class_file.h"
#include "sofa/wire/java/jar.h"

namespace sofa::java {

class Library {
 public:
  enum class Use : bool {
    kLookUp,  ///< only what others refer to
    kImport,  ///< also where interfaces and subclasses are looked for
  };
  struct LeftOut {
    std::string file;
    Error why;
  };

  explicit Library(const Limits& limits = {}) : limits_(limits) {}
  Library(const Library&) = delete;  // it points into itself
  Library& operator=(const Library&) = delete;

  /// A jar, or a single class file. Of a class that comes twice the first one counts, as on Java's class path.
  Result<void> add(BytesView bytes, Use use);

  /// Null where it is not there.
  const ClassFile* find(std::string_view name) const;
  /// The classes to import, in the order of their names.
  const std::vector<const ClassFile*>& imported() const { return imported_; }
  std::size_t size() const { return classes_.size(); }
  const std::vector<LeftOut>& left_out() const { return left_out_; }

  /// Whatever `of` extends or implements, nearest first, known here or not. Bounded where classes extend in a circle.
  std::vector<std::string> ancestors(const ClassFile& of) const;
  /// The imported classes that extend or implement it, near or far, that others can name; in the order of their names.
  std::vector<const ClassFile*> subclasses(std::string_view name) const;

 private:
  void add_class(std::string_view file, BytesView bytes, Use use);

  Limits limits_;
  std::size_t text_bytes_ = 0;
  std::map<std::string, ClassFile, std::less<>> classes_;
  std::vector<const ClassFile*> imported_;
  std::map<std::string, std::vector<const ClassFile*>, std::less<>> children_;
  std::vector<LeftOut> left_out_;
};

}  // namespace sofa::java
