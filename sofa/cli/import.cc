// sofa import: a Java facade as a C++ header.
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "sofa/base/json_text.h"
#include "sofa/cli/command.h"
#include "sofa/wire/java/header_writer.h"

namespace sofa::cli {
namespace {

struct Import {
  std::vector<std::string> jars;
  std::vector<std::string> classpath;
  std::string out;
  std::string name_space;
  java::Facade::Choice choice;
  bool json = false;
};

Result<void> add(java::Library& library, const std::string& path, java::Library::Use use) {
  SOFA_TRY(const Bytes bytes, read_input(path));
  auto added = library.add(bytes, use);
  if (!added) {
    return fail(CliError::kRefused, "cannot read {}: {}; a jar or a class file is needed", path,
                added.error().message());
  }
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail(CliError::kInput, "cannot write {}: is there such a folder, and may it be written to?", path);
  return {};
}

struct Counts {
  std::size_t structs = 0, enums = 0, exceptions = 0, choices = 0, values = 0;

  explicit Counts(const java::Facade& facade) {
    using Form = java::Kind::Form;
    for (const java::Kind& kind : facade.kinds()) {
      structs += kind.form == Form::kStruct;
      enums += kind.form == Form::kEnum;
      exceptions += kind.form == Form::kException;
      choices += kind.form == Form::kChoice;
      values += kind.form == Form::kValue;
    }
  }
};

/// `name` of each, as a JSON array of what `print` appends.
template <class All, class Print>
void append_array(std::string& out, std::string_view name, const All& all, Print print) {
  out += fmt::format(",\"{}\":[", name);
  for (const auto& each : all) {
    if (out.back() != '[') out += ',';
    print(each);
  }
  out += ']';
}

std::string as_json(const java::Library& library, const java::Facade& facade) {
  const Counts counts(facade);
  std::string out =
      fmt::format(R"({{"classes":{},"structs":{},"enums":{},"exceptions":{},"choices":{})", library.imported().size(),
                  counts.structs, counts.enums, counts.exceptions, counts.choices);
  append_array(out, "services", facade.services(), [&](const java::Service& service) {
    out += "{\"name\":";
    append_json_string(out, service.java);
    out += fmt::format(",\"methods\":{},\"left_out\":{}}}", service.methods.size(), service.left_out);
  });
  std::vector<const java::Kind*> values;
  for (const java::Kind& kind : facade.kinds()) {
    if (kind.form == java::Kind::Form::kValue) values.push_back(&kind);
  }
  append_array(out, "values", values, [&](const java::Kind* kind) {
    out += "{\"class\":";
    append_json_string(out, kind->java);
    out += ",\"why\":";
    append_json_string(out, kind->why);
    out += '}';
  });
  append_array(out, "passed_over", facade.passed_over(),
               [&](const std::string& each) { append_json_string(out, each); });
  append_array(out, "damaged", library.left_out(), [&](const java::Library::LeftOut& each) {
    append_json_string(out, fmt::format("{}: {}", each.file, each.why.message()));
  });
  return out + '}';
}

std::string for_people(const java::Library& library, const java::Facade& facade, const std::string& out_path) {
  const Counts counts(facade);
  std::string out = fmt::format("{}: services {}, structs {}, enums {}, exceptions {}, choices {}, of {} classes\n",
                                out_path, facade.services().size(), counts.structs, counts.enums, counts.exceptions,
                                counts.choices, library.imported().size());
  if (counts.values > 0) out += fmt::format("  {} classes come as Value; the header says why\n", counts.values);
  for (const std::string& each : facade.passed_over()) out += fmt::format("  passed over: {}\n", each);
  for (const java::Library::LeftOut& each : library.left_out()) {
    out += fmt::format("  damaged: {}: {}\n", each.file, each.why.message());
  }
  return out;
}

/// The file's name, without its folders.
std::string sources(const std::vector<std::string>& paths) {
  std::string all;
  for (const std::string& path : paths) all += (all.empty() ? "" : ", ") + path.substr(path.rfind('/') + 1);
  return all;
}

int import(const Import& options) {
  java::Library library;
  for (const std::string& jar : options.jars) {
    if (auto added = add(library, jar, java::Library::Use::kImport); !added) {
      return report(added.error(), options.json, added.error().is(CliError::kRefused) ? kNo : kUsage);
    }
  }
  for (const std::string& jar : options.classpath) {
    if (auto added = add(library, jar, java::Library::Use::kLookUp); !added) {
      return report(added.error(), options.json, added.error().is(CliError::kRefused) ? kNo : kUsage);
    }
  }
  const auto facade = java::Facade::of(library, options.choice);
  if (!facade) return report(facade.error(), options.json, kNo);
  const std::string header =
      java::write_header(*facade, {.name_space = options.name_space, .source = sources(options.jars)});
  if (options.out.empty()) {
    fmt::print("{}", header);
    return kDone;
  }
  if (auto written = write_file(options.out, header); !written) return report(written.error(), options.json, kNo);
  if (options.json) {
    fmt::print("{}\n", as_json(library, *facade));
  } else {
    fmt::print("{}", for_people(library, *facade, options.out));
  }
  return kDone;
}

}  // namespace

std::function<int()> setup_import(CLI::App& command) {
  auto options = std::make_shared<Import>();
  command.footer(
      "No JVM is needed, and no code of the jar is run. Interfaces are those whose every parameter and result can\n"
      "travel; --interface names others. What cannot be a C++ type comes as Value, and the header says why.\n\n"
      "Examples:\n"
      "  sofa import bank-facade.jar -o bank_facade.h\n"
      "  sofa import bank-facade.jar --interface AccountService\n"
      "  sofa import shop.jar --package com.shop.facade --classpath common.jar --namespace shop -o shop.h --json");
  command.add_option("JAR", options->jars, "jars, or single class files")->required();
  CLI::Option* out = command.add_option("-o,--output", options->out, "the header; without it, standard output");
  command.add_option("--interface", options->choice.interfaces, "only these, by their full or last names")
      ->expected(1)
      ->take_all();
  command.add_option("--package", options->choice.package, "only interfaces in this package and below");
  command.add_option("--classpath", options->classpath, "a jar to look classes up in")->expected(1)->take_all();
  command.add_option("--namespace", options->name_space, "of the header; without it, the package's last word")
      ->check([](const std::string& text) {
        return text.empty() || java::is_plain(text) ? std::string() : "'" + text + "' is no name of a namespace";
      });
  command.add_flag("--json", options->json, "what was written and left out as JSON; with --output")->needs(out);
  return [options] { return import(*options); };
}

}  // namespace sofa::cli
