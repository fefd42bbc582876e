#include "sofa/wire/java/facade.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sofa/base/mutant.h"
#include "sofa/wire/java/jdk.h"
#include "sofa/wire/java/order.h"

namespace sofa::java {
namespace {

constexpr int kLargestType = 256;            // parts of one type, after substitution
constexpr std::size_t kMostFields = 190;     // that Boost.PFR takes, of an aggregate
constexpr std::size_t kMostDescribed = 40;   // that Boost.Describe takes, of an exception
constexpr std::size_t kMostSubclasses = 16;  // that a reader wants to see in one variant
constexpr std::size_t kMostMethods = 250;    // that SOFA_SERVICE takes

Type substituted(const Type& type, const Bindings& bindings, int& budget) {
  if (--budget < 0) return class_type("java.lang.Object");
  if (type.kind == Type::Kind::kVariable) {
    const auto found = bindings.find(type.name);
    if (found == bindings.end()) return class_type("java.lang.Object");
    budget -= static_cast<int>(found->second.arguments.size());
    return found->second;
  }
  Type made{type.kind, type.name, {}};
  for (const Type& argument : type.arguments) made.arguments.push_back(substituted(argument, bindings, budget));
  return made;
}

int parts(const Type& type) {
  int sum = 1;
  for (const Type& argument : type.arguments) sum += parts(argument);
  return sum;
}

/// A variable that nothing binds is its bound, without arguments: those may name the variable itself.
void bind_to_bounds(const std::vector<Variable>& variables, Bindings& bindings) {
  for (const Variable& variable : variables) {
    Type bound = variable.bound.kind == Type::Kind::kVariable ? substitute(variable.bound, bindings)
                                                              : Type{variable.bound.kind, variable.bound.name, {}};
    if (bound.kind == Type::Kind::kArray) bound = class_type("java.lang.Object");
    bindings.insert_or_assign(variable.name, std::move(bound));
  }
}

ClassType type_of(const ClassFile& file) {
  if (!file.signature.empty()) {
    if (auto parsed = parse_class(file.signature); parsed && !parsed->parents.empty()) return *std::move(parsed);
  }
  ClassType plain;
  plain.parents.push_back(class_type(file.parent.empty() ? "java.lang.Object" : file.parent));
  for (const std::string& name : file.interfaces) plain.parents.push_back(class_type(name));
  return plain;
}

/// The variables of `file` as its user binds them.
Bindings bind(const ClassFile& file, const Type& use) {
  Bindings bindings;
  const ClassType type = type_of(file);
  bind_to_bounds(type.variables, bindings);
  if (use.arguments.size() == type.variables.size()) {
    for (std::size_t i = 0; i < use.arguments.size(); ++i) bindings[type.variables[i].name] = use.arguments[i];
  }
  return bindings;
}

bool is_enum(const ClassFile& file) {
  return file.parent == "java.lang.Enum";
}

}  // namespace

Type substitute(const Type& type, const Bindings& bindings) {
  int budget = kLargestType;
  Type made = substituted(type, bindings, budget);
  return budget < 0 || parts(made) > kLargestType ? class_type("java.lang.Object") : made;
}

int Facade::find(std::string_view java) const {
  const auto found = slots_.find(java);
  return found == slots_.end() ? -1 : found->second;
}

/// Makes a Facade: services first, then class after class that they reach.
class FacadeBuilder {
 public:
  explicit FacadeBuilder(const Library& library) : library_(library) {}

  Result<Facade> build(const std::vector<std::string>& interfaces) {
    SOFA_TRY(const std::vector<const ClassFile*> chosen, choose(interfaces));
    for (const ClassFile* file : chosen) add_service(*file);
    for (std::size_t i = 0; i < queue_.size(); ++i) reach(queue_[i]);
    name_all();
    arrange(made_.kinds_, made_.order_);
    return std::move(made_);
  }

 private:
  // --- which interfaces

  Result<std::vector<const ClassFile*>> choose(const std::vector<std::string>& names) {
    std::vector<const ClassFile*> chosen;
    for (const std::string& name : names) {
      const ClassFile* file = library_.find(name);
      for (const ClassFile* other : library_.imported()) {
        if (file == nullptr && other->name.ends_with("." + name)) file = other;
      }
      if (file == nullptr || !file->is(kInterface)) {
        return fail(JavaError::kUnknownName,
                    "{} is {}: name an interface of the jar, as in dev.sofa.bank.AccountService", name,
                    file == nullptr ? "not in the jar" : "no interface");
      }
      chosen.push_back(file);
    }
    if (!names.empty()) return chosen;
    for (const ClassFile* file : library_.imported()) {
      const bool candidate = file->is(kInterface) && file->is(kPublic) && !file->is(kAnnotation) && !file->is_local &&
                             type_of(*file).variables.empty() && !methods_of(*file).empty();
      if (!candidate) continue;
      if (const std::string why = not_data(*file); !why.empty()) {
        made_.passed_over_.push_back(file->name + ": " + why);
      } else {
        chosen.push_back(file);
      }
    }
    if (chosen.empty()) {
      return fail(JavaError::kNothing,
                  "no public interface of these {} classes takes and gives only what Hessian carries: "
                  "name the ones that are meant with --interface",
                  library_.size());
    }
    return chosen;
  }

  /// What a method takes or gives that is no data; empty where there is nothing.
  std::string not_data(const ClassFile& interface) const {
    for (const Method& method : methods_of(interface)) {
      std::string why = method.result.is_void() ? std::string() : not_data(method.result);
      for (const Field& parameter : method.parameters) {
        if (why.empty()) why = not_data(parameter.type);
      }
      if (!why.empty()) return method.java + " has " + why;
    }
    return {};
  }
  std::string not_data(const Type& type) const {
    for (const Type& argument : type.arguments) {
      if (std::string why = not_data(argument); !why.empty()) return why;
    }
    if (type.kind != Type::Kind::kClass || find_jdk_type(type.name) || find_jdk_container(type.name)) return {};
    const ClassFile* file = library_.find(type.name);
    if (file == nullptr) return type.name;
    const auto above = library_.ancestors(*file);
    const bool serializable = std::any_of(above.begin(), above.end(), [](const std::string& name) {
      return name == "java.io.Serializable" || name == "java.lang.Enum" || name == "java.lang.Throwable";
    });
    return serializable && kind_of(*file).form != Kind::Form::kValue ? std::string() : type.name;
  }

  // --- services

  void add_service(const ClassFile& file) {
    Service service{.java = file.name, .cpp = {}, .methods = methods_of(file), .throws = {}};
    if (service.methods.size() > kMostMethods) {
      service.left_out = service.methods.size() - kMostMethods;
      service.methods.resize(kMostMethods);
    }
    name_methods(service);
    for (const Method& method : service.methods) {
      visit(method.result);
      for (const Field& parameter : method.parameters) visit(parameter.type);
    }
    add_throws(file, service);
    made_.services_.push_back(std::move(service));
  }

  std::vector<Method> methods_of(const ClassFile& interface) const {
    std::vector<Method> all;
    std::set<std::string> seen;  // by name and parameters, as Java overrides
    std::set<std::string> visited;
    std::vector<Type> queue{class_type(interface.name)};
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const ClassFile* file = library_.find(queue[i].name);
      if (file == nullptr || !visited.insert(file->name).second) continue;
      const Bindings bindings = bind(*file, queue[i]);
      for (const Member& member : file->methods) {
        const std::string key = member.name + member.type.substr(0, member.type.find(')') + 1);
        if (member.is(kStatic | kPrivate) || member.name.starts_with('<') || !seen.insert(key).second) continue;
        if (member.is(kVolatileOrBridge | kSynthetic)) continue;
        if (auto method = method_of(member, bindings)) all.push_back(*std::move(method));
      }
      for (const Type& parent : type_of(*file).parents) queue.push_back(substitute(parent, bindings));
    }
    return all;
  }

  static Result<Method> method_of(const Member& member, Bindings bindings) {
    SOFA_TRY(MethodType erased, parse_method(member.type));
    MethodType type = erased;
    if (!member.signature.empty()) {
      if (auto parsed = parse_method(member.signature); parsed && parsed->parameters.size() == type.parameters.size()) {
        type = *std::move(parsed);
      }
    }
    bind_to_bounds(type.variables, bindings);
    Method made{.java = member.name, .cpp = {}, .parameters = {}, .result = substitute(type.result, bindings)};
    for (std::size_t i = 0; i < type.parameters.size(); ++i) {
      const bool named = member.parameters.size() == type.parameters.size();
      made.parameters.push_back({.java = named ? member.parameters[i] : std::string(),
                                 .cpp = {},
                                 .type = substitute(type.parameters[i], bindings),
                                 .erased = erased.parameters[i]});
    }
    return made;
  }

  static void name_methods(Service& service) {
    std::map<std::string, std::string> by_java;
    Scope scope;
    for (Method& method : service.methods) {
      auto [name, added] = by_java.try_emplace(method.java);
      if (added) name->second = scope.take(snake_case(method.java));
      method.cpp = name->second;
      Scope parameters;
      for (Field& parameter : method.parameters) parameter.cpp = parameters.take(name_of(parameter));
    }
  }

  /// Class files rarely name parameters: then a class of one's own gives its name, and the others are values.
  static std::string name_of(const Field& parameter) {
    if (!parameter.java.empty()) return snake_case(parameter.java);
    const bool own = parameter.type.kind == Type::Kind::kClass && !is_jdk(parameter.type.name);
    return own ? snake_case(class_name(parameter.type.name)) : "value";
  }

  /// The declared exceptions and those that extend them; and the runtime exceptions of the interface's package, which
  /// Java does not declare.
  void add_throws(const ClassFile& interface, Service& service) {
    std::set<std::string> names;
    const auto add = [&](const std::string& name) {
      if (is_jdk(name)) return;
      names.insert(name);
      for (const ClassFile* file : library_.subclasses(name)) names.insert(file->name);
    };
    for (const Member& method : interface.methods) {
      for (const std::string& name : method.throws) add(name);
    }
    const std::string package = interface.name.substr(0, interface.name.rfind('.') + 1);
    for (const ClassFile* file : library_.subclasses("java.lang.RuntimeException")) {
      if (file->name.starts_with(package)) names.insert(file->name);
    }
    for (const std::string& name : names) {
      visit(class_type(name));
      const int kind = made_.find(name);
      if (kind >= 0 && made_.kinds_[kind].form == Kind::Form::kException) service.throws.push_back(kind);
    }
  }

  // --- classes

  /// Makes sure that every class in `type` has its kind, and gives those that it is made of.
  std::vector<int> visit(const Type& type) {
    std::vector<int> found;
    for (const Type& argument : type.arguments) {
      for (const int kind : visit(argument)) found.push_back(kind);
    }
    if (type.kind == Type::Kind::kClass && !find_jdk_type(type.name) && !find_jdk_container(type.name)) {
      found.push_back(slot(type.name));
    }
    return found;
  }

  /// The kind of a slot that is declared as class `name`.
  int slot(const std::string& name) {
    if (const int known = made_.find(name); known >= 0) return known;
    const ClassFile* file = library_.find(name);
    Kind kind;
    if (file == nullptr) {
      kind.why = is_jdk(name) ? "no C++ type for it" : "in none of the jars: name its jar with --classpath";
    } else {
      kind = kind_of(*file);
    }
    kind.java = name;
    if (kind.form == Kind::Form::kStruct) return made_.slots_[name] = own(*file);
    return made_.slots_[name] = add(std::move(kind));
  }

  int add(Kind kind) {
    made_.kinds_.push_back(std::move(kind));
    const int index = static_cast<int>(made_.kinds_.size()) - 1;
    queue_.push_back(index);
    return index;
  }

  /// The struct of exactly that class, whether or not others extend it.
  int own(const ClassFile& file) {
    const auto [place, added] = structs_.try_emplace(file.name, -1);
    if (added) {
      Kind kind = struct_of(file);
      kind.java = file.name;
      const int index = add(std::move(kind));  // may not use `place`: nothing else is added meanwhile
      structs_[file.name] = index;
      return index;
    }
    return place->second;
  }

  /// What a slot declared as `file` is. Of a struct and of a choice's members only the form is known yet.
  Kind kind_of(const ClassFile& file) const {
    if (is_enum(file)) return enum_of(file);
    const std::vector<std::string> above = library_.ancestors(file);
    if (is_throwable(above)) return {.form = Kind::Form::kException};
    if (Kind own = struct_of(file); !file.is(kInterface) && own.form == Kind::Form::kValue) return own;
    return choice_of(file);
  }

  static bool is_throwable(const std::vector<std::string>& above) {
    return std::any_of(above.begin(), above.end(), [](const std::string& name) {
      return name == "java.lang.Throwable" ||
             (is_jdk(name) && (name.ends_with("Exception") || name.ends_with("Error")));
    });
  }

  static Kind enum_of(const ClassFile& file) {
    Kind kind{.form = Kind::Form::kEnum};
    for (const Member& field : file.fields) {
      if (!field.is(kEnum)) continue;
      if (!is_plain(field.name)) return {.why = "an enum whose constant " + field.name + " C++ cannot name"};
      kind.constants.push_back(field.name);
    }
    if (kind.constants.empty()) return {.why = "an enum without constants"};
    return kind;
  }

  /// A struct without its fields, or the reason why it cannot be one.
  Kind struct_of(const ClassFile& file) const {
    for (const std::string& name : library_.ancestors(file)) {
      if (name == "java.util.Map" || name == "java.util.Collection" || find_jdk_container(name)) {
        return {.why = "a collection of its own"};
      }
      if (find_jdk_type(name) && name != "java.lang.Object") return {.why = "extends " + name};
    }
    std::size_t fields = 0;
    std::string why;
    const ClassFile* from = &file;
    for (int depth = 0; from != nullptr && depth < kDeepest; ++depth) {
      for (const Member& method : from->methods) {
        if (method.name == "writeReplace") return {.why = "written in a way of its own (writeReplace)"};
      }
      for (const Member& field : from->fields) fields += !field.is(kStatic | kTransient | kSynthetic);
      const bool complete = from->parent.empty() || is_jdk(from->parent) || library_.find(from->parent) != nullptr;
      if (!complete) why = "the fields of " + from->parent + " are missing: name its jar with --classpath";
      from = library_.find(from->parent);
    }
    if (fields > kMostFields) return {.why = fmt::format("{} fields, and {} are possible", fields, kMostFields)};
    return {.form = Kind::Form::kStruct, .why = why};
  }

  Kind choice_of(const ClassFile& file) const {
    std::vector<const ClassFile*> all;
    for (const ClassFile* sub : library_.subclasses(file.name)) {
      if (!sub->is(kAbstract | kInterface)) all.push_back(sub);
    }
    const bool is_abstract = file.is(kAbstract | kInterface);
    if (all.empty()) {
      return is_abstract ? Kind{.why = "no class of the jar implements it"} : Kind{.form = Kind::Form::kStruct};
    }
    if (!is_abstract) all.insert(all.begin(), &file);
    std::string why;
    if (all.size() > kMostSubclasses) why = fmt::format("has {} subclasses", all.size());
    for (const ClassFile* one : all) {
      if (!type_of(*one).variables.empty()) why = "has generic subclasses";
    }
    if (why.empty()) return {.form = Kind::Form::kChoice};
    if (is_abstract) return {.why = why};
    return {.form = Kind::Form::kStruct, .why = why + ", which this takes for itself"};
  }

  /// Completes a kind that something uses: its fields, its members, what must be there before.
  void reach(int index) {
    const ClassFile* file = library_.find(made_.kinds_[index].java);
    switch (made_.kinds_[index].form) {
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

  void reach_members(int index, const ClassFile& file) {
    std::vector<const ClassFile*> all = library_.subclasses(file.name);
    all.insert(all.begin(), &file);
    for (const ClassFile* one : all) {
      if (one->is(kAbstract | kInterface)) continue;
      if (is_enum(*one) || struct_of(*one).form == Kind::Form::kValue) {
        made_.kinds_[index].and_others = true;
        continue;
      }
      const int member = own(*one);
      made_.kinds_[index].members.push_back(member);
      made_.kinds_[index].uses.push_back(member);
    }
  }

  /// The class's own fields, then its parents' behind them.
  void reach_fields(int index, const ClassFile& file) {
    const bool is_exception = made_.kinds_[index].form == Kind::Form::kException;
    Bindings bindings;
    for (const Variable& variable : type_of(file).variables) {
      if (!is_exception) made_.kinds_[index].variables.push_back(variable.name);
      bindings[variable.name] = Type{Type::Kind::kVariable, variable.name, {}};
    }
    std::vector<std::vector<Field>> by_class;
    const ClassFile* from = &file;
    for (int depth = 0; from != nullptr && depth < kDeepest; ++depth) {
      by_class.push_back(fields_of(*from, bindings));
      const Type parent = substitute(type_of(*from).parents[0], bindings);
      from = is_jdk(parent.name) ? nullptr : library_.find(parent.name);
      if (from == nullptr) break;
      if (is_exception) {  // an exception extends its parent in C++ too, so that it is caught as it
        const int above = slot(from->name);
        made_.kinds_[index].members.push_back(above);
        made_.kinds_[index].uses.push_back(above);
        break;
      }
      bindings = bind(*from, parent);
    }
    if (SOFA_MUTANT("parents-fields-first")) std::reverse(by_class.begin(), by_class.end());
    Scope scope;
    std::vector<Field> fields;
    for (std::vector<Field>& of_one : by_class) {
      for (Field& field : of_one) {
        field.cpp = scope.take(snake_case(field.java));
        for (const int used : visit(field.type)) use(index, used);
        fields.push_back(std::move(field));
      }
    }
    if (is_exception && fields.size() > kMostDescribed) fields.resize(kMostDescribed);
    made_.kinds_[index].fields = std::move(fields);
  }

  std::vector<Field> fields_of(const ClassFile& file, const Bindings& bindings) const {
    std::vector<Field> fields;
    for (const Member& member : file.fields) {
      if (member.is(kStatic | kTransient | kSynthetic)) continue;
      auto erased = parse_type(member.type);
      if (!erased || erased->is_void()) continue;
      Type type = *erased;
      if (!member.signature.empty()) type = parse_type(member.signature).value_or(*erased);
      fields.push_back({.java = member.name, .cpp = {}, .type = substitute(type, bindings), .erased = *erased});
    }
    return fields;
  }

  /// An exception is held by pointer, so it need only be named.
  void use(int index, int used) {
    if (made_.kinds_[used].form == Kind::Form::kException) {
      made_.kinds_[used].pointed_at = true;
    } else {
      made_.kinds_[index].uses.push_back(used);
    }
  }

  // --- names

  void name_all() {
    Scope scope;
    const auto name = [&](const std::string& java) {
      const std::string plain = class_name(java);
      if (scope.try_take(plain)) return plain;
      std::string package = namespace_of(java);
      package[0] = static_cast<char>(package[0] >= 'a' && package[0] <= 'z' ? package[0] - 'a' + 'A' : package[0]);
      return scope.take(package + plain);
    };
    for (Service& service : made_.services_) service.cpp = name(service.java);
    for (Kind& kind : made_.kinds_) {
      if (kind.form != Kind::Form::kChoice && kind.form != Kind::Form::kValue) kind.cpp = name(kind.java);
    }
    for (Kind& kind : made_.kinds_) {
      if (kind.form == Kind::Form::kChoice) kind.cpp = scope.take("Any" + class_name(kind.java));
    }
    for (Service& service : made_.services_) {
      for (Method& method : service.methods) {
        if (method.cpp == service.cpp) method.cpp += '_';
      }
    }
    for (Kind& kind : made_.kinds_) {
      for (Field& field : kind.fields) {
        if (field.cpp == kind.cpp) field.cpp += '_';
      }
    }
  }

  const Library& library_;
  Facade made_;
  std::map<std::string, int, std::less<>> structs_;
  std::vector<int> queue_;
};

Result<Facade> Facade::of(const Library& library, const std::vector<std::string>& interfaces) {
  return FacadeBuilder(library).build(interfaces);
}

}  // namespace sofa::java
