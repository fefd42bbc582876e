#include "sofa/wire/java/header_writer.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sofa/wire/java/cpp_type.h"

namespace sofa::java {
namespace {

constexpr std::size_t kWidth = 120;

/// What of the standard library a header needs, by what stands in it.
constexpr std::pair<std::string_view, std::string_view> kIncludes[] = {
    {"std::int", "cstdint"},        {"std::map<", "map"},         {"std::shared_ptr<", "memory"},
    {"std::optional<", "optional"}, {"std::string ", "string"},   {"std::string,", "string"},
    {"std::string>", "string"},     {"std::string)", "string"},   {"std::string_view", "string_view"},
    {"std::pair<", "utility"},      {"std::variant<", "variant"}, {"std::vector<", "vector"},
};

/// `open` item, item, … `close`, on as many lines as it takes; those that follow stand under the first item, which
/// stands on a line of its own where the widest has no room behind `open`.
std::string listed(const std::string& open, const std::vector<std::string>& items, std::string_view close) {
  std::size_t indent = open.size();
  std::string text = open;
  const auto is_too_wide = [&](const std::string& item) { return indent + item.size() + close.size() > kWidth; };
  if (std::any_of(items.begin(), items.end(), is_too_wide)) {
    indent = open.find_first_not_of(' ') + 4;
    text += "\n" + std::string(indent, ' ');
  }
  std::size_t column = indent;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t needed = items[i].size() + (i + 1 == items.size() ? close.size() : 1);
    if (i > 0 && column + 1 + needed > kWidth) {
      text += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (i > 0) {
      text += ' ';
      ++column;
    }
    text += items[i];
    text += i + 1 == items.size() ? "" : ",";
    column += items[i].size() + 1;
  }
  text += close;
  return text;
}

class HeaderWriter {
 public:
  HeaderWriter(const Facade& facade, const HeaderOptions& options)
      : facade_(facade),
        options_(options),
        name_space_(options.name_space.empty() ? namespace_of(facade.services()[0].java) : options.name_space),
        types_(facade, {}),
        outside_(facade, name_space_) {}

  std::string write() {
    for (const int index : facade_.order()) forward(kind(index));
    if (!body_.empty()) body_ += '\n';
    for (const int index : facade_.order()) declare(kind(index));
    for (const Service& service : facade_.services()) declare(service);
    for (const Service& service : facade_.services()) publish(service);
    return opening() + body_ + fmt::format("}}  // namespace {}\n\n", name_space_) + services_;
  }

 private:
  const Kind& kind(int index) const { return facade_.kinds()[static_cast<std::size_t>(index)]; }

  std::string opening() const;
  void forward(const Kind& kind);
  void declare(const Kind& kind);
  void declare_enum(const Kind& kind);
  void declare_choice(const Kind& kind);
  void declare_struct(const Kind& kind);
  void declare_exception(const Kind& kind);
  void declare_fields(const Kind& kind);
  void declare(const Service& service);
  void publish(const Service& service);

  template <class Named>
  void name(const std::vector<Named>& all);
  void note(std::string_view text) {
    if (!text.empty()) body_ += fmt::format("/// {}.\n", text);
  }
  static std::string template_line(const Kind& kind);
  std::string task(const std::string& result) { return fmt::format("{}<{}>", types_.name("sofa::Task"), result); }

  const Facade& facade_;
  const HeaderOptions& options_;
  const std::string name_space_;
  CppTypes types_;
  CppTypes outside_;
  std::string body_;
  std::string services_;
};

std::string HeaderWriter::opening() const {
  std::string text = fmt::format("// {}: what its services take and give.\n", options_.source);
  text += "// Written by `sofa import`. Import it again rather than change it here.\n";
  if (std::any_of(facade_.kinds().begin(), facade_.kinds().end(),
                  [](const Kind& kind) { return kind.form == Kind::Form::kValue; })) {
    text += "//\n// Come as Value:\n";
    for (const Kind& kind : facade_.kinds()) {
      if (kind.form == Kind::Form::kValue) text += fmt::format("//   {}: {}\n", kind.java, kind.why);
    }
  }
  text += "#pragma once\n\n";
  std::set<std::string_view> includes;
  for (const auto& [word, header] : kIncludes) {
    if (body_.find(word) != std::string::npos || services_.find(word) != std::string::npos) includes.insert(header);
  }
  for (const std::string_view header : includes) text += fmt::format("#include <{}>\n", header);
  text += includes.empty() ? "" : "\n";
  text += fmt::format("#include \"sofa/sdk.h\"\n\nnamespace {} {{\n\n", name_space_);
  for (const std::string& used : types_.used()) text += fmt::format("using {};\n", used);
  return text + (types_.used().empty() ? "" : "\n");
}

std::string HeaderWriter::template_line(const Kind& kind) {
  if (kind.variables.empty()) return {};
  std::vector<std::string> parameters;
  for (const Parameter& parameter : kind.variables) parameters.push_back("class " + parameter.cpp);
  return listed("template <", parameters, ">\n");
}

/// What others point at before it is there.
void HeaderWriter::forward(const Kind& kind) {
  const bool held_by_pointer = kind.form == Kind::Form::kStruct && kind.recursive;
  if (!held_by_pointer && !kind.pointed_at) return;
  if (!kind.variables.empty()) body_ += template_line(kind);
  body_ += fmt::format("struct {};\n", kind.cpp);
}

void HeaderWriter::declare(const Kind& kind) {
  switch (kind.form) {
    case Kind::Form::kEnum:
      return declare_enum(kind);
    case Kind::Form::kChoice:
      return declare_choice(kind);
    case Kind::Form::kStruct:
      return declare_struct(kind);
    case Kind::Form::kException:
      return declare_exception(kind);
    case Kind::Form::kValue:
      return;
  }
}

void HeaderWriter::declare_enum(const Kind& kind) {
  note(kind.why);
  body_ += listed(fmt::format("enum class {} {{ ", kind.cpp), kind.constants, " };\n");
  std::vector<std::string> items = {kind.cpp, fmt::format("\"{}\"", kind.java)};
  items.insert(items.end(), kind.constants.begin(), kind.constants.end());
  body_ += listed("SOFA_JAVA_ENUM(", items, ");\n\n");
}

void HeaderWriter::declare_choice(const Kind& choice) {
  note(choice.why.empty() ? "Any " + choice.java : fmt::format("Any {}; {}", choice.java, choice.why));
  std::vector<std::string> members;
  for (const int member : choice.members) members.push_back(types_.alternative(kind(member)));
  if (choice.and_others) members.push_back(types_.name("sofa::hessian::Value"));
  // Java looks methods up by the declared class, which a variant does not know.
  body_ += listed(fmt::format("using {} = {}<std::variant<", choice.cpp, types_.name("sofa::hessian::Declared")),
                  members, fmt::format(">, \"{}\">;\n\n", choice.java));
}

/// A table of the names that the rule does not give back.
template <class Named>
void HeaderWriter::name(const std::vector<Named>& all) {
  std::vector<std::string> pairs;
  for (const Named& each : all) {
    std::string pair = fmt::format("{{\"{}\", \"{}\"}}", each.cpp, each.java);
    const bool known = std::find(pairs.begin(), pairs.end(), pair) != pairs.end();
    if (!known && !maps_back(each.cpp, each.java)) pairs.push_back(std::move(pair));
  }
  if (pairs.empty()) return;
  body_ += listed("  static constexpr std::pair<std::string_view, std::string_view> java_names[] = {", pairs, "};\n");
}

void HeaderWriter::declare_fields(const Kind& kind) {
  body_ += fmt::format("  static constexpr auto java_class = \"{}\";\n", kind.java);
  name(kind.fields);
  for (const Field& field : kind.fields) body_ += fmt::format("  {};\n", types_.field(field, kind.variables));
}

void HeaderWriter::declare_struct(const Kind& kind) {
  note(kind.why);
  if (kind.recursive) {
    body_ += "/// Can hold itself. A field that points back at what holds it has to be a std::weak_ptr.\n";
  }
  body_ += template_line(kind) + fmt::format("struct {} {{\n", kind.cpp);
  declare_fields(kind);
  body_ += "};\n\n";
}

void HeaderWriter::declare_exception(const Kind& thrown) {
  note(thrown.why);
  const std::string parent =
      thrown.members.empty() ? types_.name("sofa::hessian::Throwable") : kind(thrown.members[0]).cpp;
  const std::string base = types_.name("sofa::hessian::Exception");
  body_ += thrown.members.empty() ? fmt::format("struct {} : {}<{}> {{\n", thrown.cpp, base, thrown.cpp)
                                  : fmt::format("struct {} : {}<{}, {}> {{\n", thrown.cpp, base, thrown.cpp, parent);
  declare_fields(thrown);
  std::vector<std::string> names;
  for (const Field& field : thrown.fields) names.push_back(field.cpp);
  body_ += "};\n" + listed(fmt::format("BOOST_DESCRIBE_STRUCT({}, ({}), (", thrown.cpp, parent), names, "))\n\n");
}

void HeaderWriter::declare(const Service& service) {
  if (service.left_out > 0) note(fmt::format("{} of its methods are left out", service.left_out));
  body_ += fmt::format("class {} {{\n public:\n", service.cpp);
  if (!service.throws.empty()) {
    std::vector<std::string> names;
    for (const int thrown : service.throws) names.push_back(kind(thrown).cpp);
    body_ += listed("  using Throws = sofa::rpc::Throws<", names, ">;\n");
  }
  name(service.methods);
  body_ += fmt::format("  virtual ~{}() = default;\n", service.cpp);
  for (const Method& method : service.methods) {
    std::vector<std::string> parameters;
    for (const Field& parameter : method.parameters) {
      parameters.push_back(fmt::format("{} {}", types_.parameter(parameter), parameter.cpp));
    }
    body_ +=
        listed(fmt::format("  virtual {} {}(", task(types_.result(method.result)), method.cpp), parameters, ") = 0;\n");
  }
  body_ += "};\n\n";
}

void HeaderWriter::publish(const Service& service) {
  std::vector<std::string> entries = {fmt::format("{}::{}", name_space_, service.cpp),
                                      fmt::format("\"{}\"", service.java)};
  for (const Method& method : service.methods) {
    const auto same = [&](const Method& other) { return other.cpp == method.cpp; };
    if (std::count_if(service.methods.begin(), service.methods.end(), same) == 1) {
      entries.push_back(method.cpp);
      continue;
    }
    std::string parameters;
    for (const Field& parameter : method.parameters) {
      parameters += (parameters.empty() ? "" : ", ") + outside_.parameter(parameter);
    }
    entries.push_back(fmt::format("({}, sofa::Task<{}>({}))", method.cpp, outside_.result(method.result), parameters));
  }
  services_ += listed("SOFA_SERVICE(", entries, ")\n");
}

}  // namespace

std::string write_header(const Facade& facade, const HeaderOptions& options) {
  return HeaderWriter(facade, options).write();
}

}  // namespace sofa::java
