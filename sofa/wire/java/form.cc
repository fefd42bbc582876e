#include "sofa/wire/java/form.h"

#include <algorithm>

#include "sofa/wire/java/generics.h"
#include "sofa/wire/java/jdk.h"

namespace sofa::java {
namespace {

constexpr std::size_t kMostFields = 190;     // that Boost.PFR takes, of an aggregate
constexpr std::size_t kMostSubclasses = 16;  // that a reader wants to see in one variant

bool is_throwable(const std::vector<std::string>& above) {
  return std::any_of(above.begin(), above.end(), [](const std::string& name) {
    return name == "java.lang.Throwable" || (is_jdk(name) && (name.ends_with("Exception") || name.ends_with("Error")));
  });
}

Kind enum_of(const ClassFile& file) {
  Kind kind{.form = Kind::Form::kEnum};
  for (const Member& field : file.fields) {
    if (!field.is(kEnum)) continue;
    if (!is_plain(field.name) || field.name == class_name(file.name)) {
      return {.why = "an enum whose constant " + field.name + " C++ cannot name"};
    }
    kind.constants.push_back(field.name);
  }
  if (kind.constants.empty()) return {.why = "an enum without constants"};
  return kind;
}

/// What of its ancestors makes a class more than its fields; empty where nothing does.
std::string written_otherwise(const Library& library, const ClassFile& file) {
  for (const std::string& name : library.ancestors(file)) {
    if (name == "java.util.Map" || name == "java.util.Collection" || find_jdk_container(name)) {
      return "a collection of its own";
    }
    if (find_jdk_type(name) && name != "java.lang.Object") return "extends " + name;
  }
  return {};
}

/// Why a variant of these classes cannot be; empty where it can.
std::string no_choice(const Library& library, const std::vector<const ClassFile*>& all) {
  if (all.size() > kMostSubclasses) return fmt::format("has {} subclasses", all.size());
  bool holds_structs = false;
  for (const ClassFile* one : all) {
    if (!class_type_of(*one).variables.empty()) return "has generic subclasses";
    holds_structs = holds_structs || (!is_enum(*one) && own_form_of(library, *one).form == Kind::Form::kStruct);
  }
  return holds_structs ? "" : "none of its subclasses is a plain object";
}

Kind choice_of(const Library& library, const ClassFile& file) {
  const bool is_abstract = file.is(kAbstract | kInterface);
  const std::vector<const ClassFile*> all = concrete_classes(library, file);
  if (all.empty()) return {.why = "no class of the jar implements it"};
  if (all.size() == 1 && !is_abstract) return own_form_of(library, file);
  const std::string why = no_choice(library, all);
  if (why.empty()) return {.form = Kind::Form::kChoice};
  if (is_abstract) return {.why = why};
  return {.form = Kind::Form::kStruct, .why = why + ", and this takes only the class itself"};
}

}  // namespace

bool is_enum(const ClassFile& file) {
  return file.parent == "java.lang.Enum";
}

bool is_written(const Member& field) {
  return !field.is(kStatic | kTransient | kSynthetic);
}

std::vector<const ClassFile*> concrete_classes(const Library& library, const ClassFile& file) {
  std::vector<const ClassFile*> all = library.subclasses(file.name);
  all.insert(all.begin(), &file);
  std::erase_if(all, [](const ClassFile* one) { return one->is(kAbstract | kInterface); });
  return all;
}

Kind own_form_of(const Library& library, const ClassFile& file) {
  if (std::string why = written_otherwise(library, file); !why.empty()) return {.why = why};
  std::size_t fields = 0;
  std::string why;
  const ClassFile* from = &file;
  for (int depth = 0; from != nullptr && depth < kDeepest; ++depth) {
    for (const Member& method : from->methods) {
      if (method.name == "writeReplace") return {.why = "written in a way of its own (writeReplace)"};
    }
    for (const Member& field : from->fields) {
      fields += is_written(field);
      if (field.is(kSynthetic) && field.name.starts_with("this$")) why = "the object around it is left out";
    }
    const bool complete = from->parent.empty() || is_jdk(from->parent) || library.find(from->parent) != nullptr;
    if (!complete) why = "the fields of " + from->parent + " are missing: name its jar with --classpath";
    from = library.find(from->parent);
  }
  if (fields > kMostFields) return {.why = fmt::format("{} fields, and {} are possible", fields, kMostFields)};
  return {.form = Kind::Form::kStruct, .why = why};
}

Kind form_of(const Library& library, const ClassFile& file) {
  if (is_enum(file)) return enum_of(file);
  if (is_throwable(library.ancestors(file))) return {.form = Kind::Form::kException};
  if (!file.is(kInterface)) {
    if (Kind own = own_form_of(library, file); own.form == Kind::Form::kValue) return own;
  }
  return choice_of(library, file);
}

}  // namespace sofa::java
