#include "sofa/wire/java/facade.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/wire/java/form.h"
#include "sofa/wire/java/generics.h"
#include "sofa/wire/java/jdk.h"
#include "sofa/wire/java/methods.h"
#include "sofa/wire/java/order.h"

namespace sofa::java {
namespace {

constexpr std::size_t kMostDescribed = 40;  // fields that Boost.Describe takes, of an exception
constexpr std::size_t kMostMethods = 250;   // that SOFA_SERVICE takes
/// What hessian::Throwable has: a field of that name would hide it.
constexpr const char* kMembersOfExceptions[] = {
    "cause",   "detail_message", "java_class_name", "java_info", "java_object",
    "message", "raise",          "stack_trace",     "what",      "suppressed_exceptions"};

}  // namespace

int Facade::find(std::string_view java) const {
  const auto found = slots_.find(java);
  return found == slots_.end() ? -1 : found->second;
}

/// Makes a Facade: services first, then class after class that they reach.
class FacadeBuilder {
 public:
  explicit FacadeBuilder(const Library& library) : library_(library) {}

  Result<Facade> build(const Facade::Choice& choice) {
    SOFA_TRY(const std::vector<const ClassFile*> chosen,
             choice.interfaces.empty() ? choose(choice.package) : look_up(choice.interfaces));
    for (const ClassFile* file : chosen) add_service(*file);
    for (std::size_t i = 0; i < queue_.size(); ++i) reach(queue_[i]);
    name_all();
    arrange(made_.kinds_, made_.order_);
    return std::move(made_);
  }

 private:
  using Chosen = std::vector<const ClassFile*>;

  Result<Chosen> look_up(const std::vector<std::string>& names);
  Result<Chosen> choose(std::string_view package);

  void add_service(const ClassFile& file);
  void add_throws(const ClassFile& interface, Service& service);

  std::vector<int> visit(const Type& type);
  int slot(const std::string& name);
  int add(Kind kind);
  int own(const ClassFile& file);
  void reach(int index);
  void reach_members(int index, const ClassFile& file);
  void reach_fields(int index, const ClassFile& file);
  std::vector<std::vector<Field>> fields_by_class(int index, const ClassFile& file);
  std::vector<Field> fields_of(const ClassFile& file, const Bindings& bindings) const;
  void use(int index, int used);

  void name_all();
  std::string type_name(const std::string& java);

  Kind& kind(int index) { return made_.kinds_[static_cast<std::size_t>(index)]; }

  const Library& library_;
  Facade made_;
  std::map<std::string, int, std::less<>> structs_;
  std::vector<int> queue_;
  Scope types_;
};

// --- which interfaces

Result<FacadeBuilder::Chosen> FacadeBuilder::look_up(const std::vector<std::string>& names) {
  Chosen chosen;
  for (const std::string& name : names) {
    const ClassFile* file = library_.find(name);
    for (const ClassFile* other : library_.imported()) {
      if (file == nullptr && other->name.ends_with("." + name)) file = other;
    }
    if (file == nullptr || !file->is(kInterface)) {
      return fail(JavaError::kUnknownName, "{} is {}: name an interface of it, as in dev.sofa.bank.AccountService",
                  name,
                  file == nullptr ? fmt::format("not among the {} classes of the jar", library_.imported().size())
                                  : "a class of the jar, and no interface");
    }
    if (methods_of(library_, *file).empty()) {
      return fail(JavaError::kNothing, "{} has no methods, so nothing of it can be called", file->name);
    }
    if (std::find(chosen.begin(), chosen.end(), file) == chosen.end()) chosen.push_back(file);
  }
  return chosen;
}

Result<FacadeBuilder::Chosen> FacadeBuilder::choose(std::string_view package) {
  Chosen chosen;
  DataCheck check(library_);
  for (const ClassFile* file : library_.imported()) {
    if (!package.empty() && !file->name.starts_with(fmt::format("{}.", package))) continue;
    const bool candidate = file->is(kInterface) && file->is(kPublic) && !file->is(kAnnotation) && !file->is_local &&
                           class_type_of(*file).variables.empty();
    if (!candidate) continue;
    const std::vector<Method> methods = methods_of(library_, *file);
    if (methods.empty()) continue;
    if (const std::string why = check.not_data(methods); !why.empty()) {
      made_.passed_over_.push_back(file->name + ": " + why);
    } else {
      chosen.push_back(file);
    }
  }
  if (chosen.empty()) {
    return fail(JavaError::kNothing,
                "no public interface among the {} classes{} takes and gives only what Hessian carries{}: name the ones "
                "that are meant with --interface",
                library_.imported().size(), package.empty() ? "" : fmt::format(" is in package {} and", package),
                made_.passed_over_.empty() ? "" : fmt::format(" ({})", made_.passed_over_.front()));
  }
  return chosen;
}

// --- services

void FacadeBuilder::add_service(const ClassFile& file) {
  Service service{.java = file.name, .cpp = {}, .methods = methods_of(library_, file), .throws = {}};
  if (service.methods.size() > kMostMethods) {
    service.left_out = service.methods.size() - kMostMethods;
    service.methods.resize(kMostMethods);
  }
  name_methods(service.methods);
  for (const Method& method : service.methods) {
    visit(method.result);
    for (const Field& parameter : method.parameters) visit(parameter.type);
  }
  add_throws(file, service);
  made_.services_.push_back(std::move(service));
}

/// The declared exceptions and those that extend them; and the runtime exceptions of the interface's package, which
/// Java does not declare.
void FacadeBuilder::add_throws(const ClassFile& interface, Service& service) {
  std::set<std::string> names;
  for (const Method& method : service.methods) {
    for (const std::string& name : method.throws) {
      if (is_jdk(name) || !names.insert(name).second) continue;
      for (const ClassFile* file : library_.subclasses(name)) names.insert(file->name);
    }
  }
  const std::string package = interface.name.substr(0, interface.name.rfind('.') + 1);
  for (const ClassFile* file : library_.subclasses("java.lang.RuntimeException")) {
    if (file->name.starts_with(package)) names.insert(file->name);
  }
  for (const std::string& name : names) {
    visit(class_type(name));
    const int thrown = made_.find(name);
    if (thrown >= 0 && kind(thrown).form == Kind::Form::kException) service.throws.push_back(thrown);
  }
}

// --- classes

/// Makes sure that every class in `type` has its kind, and gives those that it is made of.
std::vector<int> FacadeBuilder::visit(const Type& type) {
  std::vector<int> found;
  for (const Type& argument : type.arguments) {
    for (const int part : visit(argument)) found.push_back(part);
  }
  if (type.kind == Type::Kind::kClass && !find_jdk_type(type.name) && !find_jdk_container(type.name)) {
    found.push_back(slot(type.name));
  }
  return found;
}

/// The kind of a slot that is declared as class `name`.
int FacadeBuilder::slot(const std::string& name) {
  if (const int known = made_.find(name); known >= 0) return known;
  const ClassFile* file = library_.find(name);
  Kind made;
  if (file == nullptr) {
    made.why =
        is_jdk(name) ? "a class of the JDK without a C++ type" : "in none of the jars: name its jar with --classpath";
  } else {
    made = form_of(library_, *file);
  }
  made.java = name;
  const int index = made.form == Kind::Form::kStruct ? own(*file) : add(std::move(made));
  return made_.slots_[name] = index;
}

int FacadeBuilder::add(Kind made) {
  made_.kinds_.push_back(std::move(made));
  queue_.push_back(static_cast<int>(made_.kinds_.size()) - 1);
  return queue_.back();
}

/// The struct of exactly that class, whether or not others extend it.
int FacadeBuilder::own(const ClassFile& file) {
  if (const auto known = structs_.find(file.name); known != structs_.end()) return known->second;
  Kind made = own_form_of(library_, file);
  made.java = file.name;
  return structs_[file.name] = add(std::move(made));
}

/// Completes a kind that something uses: its fields, its members, what must be there before.
void FacadeBuilder::reach(int index) {
  const ClassFile* file = library_.find(kind(index).java);
  switch (kind(index).form) {
    case Kind::Form::kStruct:
    case Kind::Form::kException:
      return reach_fields(index, *file);
    case Kind::Form::kChoice:
      return reach_members(index, *file);
    case Kind::Form::kEnum:
    case Kind::Form::kValue:
      return;
  }
}

void FacadeBuilder::reach_members(int index, const ClassFile& file) {
  for (const ClassFile* one : concrete_classes(library_, file)) {
    if (is_enum(*one) || own_form_of(library_, *one).form == Kind::Form::kValue) {
      kind(index).and_others = true;
      continue;
    }
    const int member = own(*one);
    kind(index).members.push_back(member);
    kind(index).uses.push_back(member);
  }
}

void FacadeBuilder::reach_fields(int index, const ClassFile& file) {
  const bool is_exception = kind(index).form == Kind::Form::kException;
  std::vector<std::vector<Field>> by_class = fields_by_class(index, file);
  if (SOFA_MUTANT("parents-fields-first")) std::reverse(by_class.begin(), by_class.end());
  Scope scope;
  if (is_exception) {
    for (const char* member : kMembersOfExceptions) scope.try_take(member);
  }
  std::vector<Field> fields;
  for (std::vector<Field>& of_one : by_class) {
    for (Field& field : of_one) {
      field.cpp = scope.take(snake_case(field.java));
      for (const int used : visit(field.type)) use(index, used);
      fields.push_back(std::move(field));
    }
  }
  if (is_exception && fields.size() > kMostDescribed) {
    kind(index).why = fmt::format("{} of its fields are left out", fields.size() - kMostDescribed);
    fields.resize(kMostDescribed);
  }
  kind(index).fields = std::move(fields);
}

/// The class's own fields, then its parents', nearest first: the order of Java's writer (Hessian 3.5.5,
/// JavaSerializer). An exception has only its own, since it extends its parent in C++ too, to be caught as it.
std::vector<std::vector<Field>> FacadeBuilder::fields_by_class(int index, const ClassFile& file) {
  const bool is_exception = kind(index).form == Kind::Form::kException;
  Bindings bindings;
  for (const Variable& variable : class_type_of(file).variables) {
    if (!is_exception) kind(index).variables.push_back({variable.name, {}});
    bindings[variable.name] = Type{Type::Kind::kVariable, variable.name, {}};
  }
  std::vector<std::vector<Field>> by_class;
  const ClassFile* from = &file;
  for (int depth = 0; from != nullptr && depth < kDeepest; ++depth) {
    by_class.push_back(fields_of(*from, bindings));
    const ClassFile* const above = is_jdk(from->parent) ? nullptr : library_.find(from->parent);
    if (above != nullptr && is_exception) {
      const int parent = slot(above->name);
      if (kind(parent).form != Kind::Form::kException) break;
      kind(index).members.push_back(parent);
      kind(index).uses.push_back(parent);
      break;
    }
    if (above != nullptr) bindings = bind(*above, substitute(class_type_of(*from).parents[0], bindings));
    from = above;
  }
  return by_class;
}

std::vector<Field> FacadeBuilder::fields_of(const ClassFile& file, const Bindings& bindings) const {
  std::vector<Field> fields;
  for (const Member& member : file.fields) {
    if (!is_written(member)) continue;
    auto erased = parse_type(member.type);
    if (!erased || erased->is_void()) continue;
    Type type = *erased;
    if (!member.signature.empty()) type = parse_type(member.signature).value_or(*erased);
    fields.push_back({.java = member.name, .cpp = {}, .type = substitute(type, bindings), .erased = *erased});
  }
  return fields;
}

/// An exception is held by pointer, so it need only be named.
void FacadeBuilder::use(int index, int used) {
  if (kind(used).form == Kind::Form::kException) {
    kind(used).pointed_at = true;
  } else {
    kind(index).uses.push_back(used);
  }
}

// --- names

std::string FacadeBuilder::type_name(const std::string& java) {
  const std::string plain = class_name(java);
  if (types_.try_take(plain)) return plain;
  std::string package = namespace_of(java);
  if (package[0] >= 'a' && package[0] <= 'z') package[0] = static_cast<char>(package[0] - 'a' + 'A');
  return types_.take(package + plain);
}

void FacadeBuilder::name_all() {
  for (Service& service : made_.services_) service.cpp = type_name(service.java);
  for (Kind& each : made_.kinds_) {
    if (each.form != Kind::Form::kChoice && each.form != Kind::Form::kValue) each.cpp = type_name(each.java);
  }
  for (Kind& each : made_.kinds_) {
    if (each.form != Kind::Form::kChoice) continue;
    // A class that has subclasses and objects of its own is the struct; the choice is any of them.
    each.cpp = structs_.contains(each.java) ? types_.take("Any" + class_name(each.java)) : type_name(each.java);
  }
  // A member that is called as a type hides it from the members behind.
  const auto unhide = [&](std::string& name) {
    while (types_.is_taken(name)) name += '_';
  };
  for (Service& service : made_.services_) {
    for (Method& method : service.methods) {
      unhide(method.cpp);
      for (Field& parameter : method.parameters) unhide(parameter.cpp);
    }
  }
  for (Kind& each : made_.kinds_) {
    Scope parameters = types_;
    for (Parameter& parameter : each.variables) parameter.cpp = parameters.take(class_name(parameter.java));
    for (Field& field : each.fields) unhide(field.cpp);
  }
}

Result<Facade> Facade::of(const Library& library, const Choice& choice) {
  return FacadeBuilder(library).build(choice);
}

}  // namespace sofa::java
