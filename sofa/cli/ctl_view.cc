#include "sofa/cli/ctl_view.h"

#include <cstdio>

#include <fmt/format.h>
#include <simdjson.h>

#include "sofa/cli/command.h"

namespace sofa::cli {
namespace {

using simdjson::dom::element;

std::string_view text_of(const element& object, std::string_view key) {
  std::string_view text;
  (void)object[key].get(text);
  return text;
}

/// The id of a process of its own; `-` for one that runs in its host's.
std::string process_of(const element& module) {
  std::int64_t id = 0;
  if (module["process"]["id"].get(id) != simdjson::SUCCESS) return "-";
  return id < 0 ? "none" : std::to_string(id);
}

void print_modules(const element& modules) {
  fmt::print("{:<20} {:<10} {:<10} {:>8} {:>9}  {}\n", "MODULE", "VERSION", "STATE", "START", "PROCESS", "SERVICES");
  for (const element module : modules.get_array()) {
    double took = 0;
    for (const element step : module["steps"].get_array()) {
      if (text_of(step, "step") == "start") took = step["ms"].get_double().value();
    }
    std::string services;
    for (const element service : module["services"].get_array()) {
      services += fmt::format("{}{}", services.empty() ? "" : " ", text_of(service, "service"));
    }
    fmt::print("{:<20} {:<10} {:<10} {:>5.1f} ms {:>9}  {}\n", text_of(module, "name"), text_of(module, "version"),
               text_of(module, "state"), took, process_of(module), services);
  }
}

/// A state's log, and what went wrong, of one module.
void print_module(const element& module) {
  fmt::print("{} {}: {}\n", text_of(module, "name"), text_of(module, "version"), text_of(module, "state"));
  for (const element entry : module["log"].get_array()) {
    fmt::print("  {}  {:<10} {}\n", text_of(entry, "at"), text_of(entry, "state"), text_of(entry, "why"));
  }
  for (const element step : module["steps"].get_array()) {
    fmt::print("  {:<8} {:.3f} ms\n", text_of(step, "step"), step["ms"].get_double().value());
  }
  element process;
  if (module["process"].get(process) != simdjson::SUCCESS || process.is_null()) return;
  const std::uint64_t restarts = process["restarts"].get_uint64().value();
  fmt::print("  process  {}", process_of(module));
  if (restarts > 0) fmt::print(", started again {} times, last because {}", restarts, text_of(process, "last_end"));
  fmt::print("\n");
}

void print_pins(const element& answer) {
  if (answer["unloaded"].get_bool().value()) return fmt::print("unloaded: nothing of it is left in memory\n");
  fmt::print("taken out, but kept in memory by:\n");
  for (const element pin : answer["pins"].get_array()) fmt::print("  {}\n", pin.get_string().value());
}

void print_startup(const element& steps) {
  fmt::print("{:<20} {:<10} {:<8} {:>10} {:>10}\n", "MODULE", "VERSION", "STEP", "AT MS", "MS");
  for (const element step : steps.get_array()) {
    fmt::print("{:<20} {:<10} {:<8} {:>10.3f} {:>10.3f}\n", text_of(step, "module"), text_of(step, "version"),
               text_of(step, "step"), step["at_ms"].get_double().value(), step["ms"].get_double().value());
  }
}

/// As a person writes it: text without quotes, what is inside of it as JSON.
std::string shown(const element& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::to_string(value);
}

/// Columns as wide as what stands in them.
void print_table(const element& rows) {
  std::vector<std::vector<std::string>> cells(1);
  for (const element row : rows.get_array()) {
    cells.emplace_back();
    for (const auto& [key, value] : row.get_object()) {
      if (cells.size() == 2) cells[0].emplace_back(key);
      cells.back().push_back(shown(value));
    }
  }
  if (cells.size() == 1) return fmt::print("none\n");
  std::vector<std::size_t> widths;
  for (const auto& row : cells) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      fmt::print("{:<{}}{}", row[i], is_last ? 0 : widths[i], is_last ? "\n" : "  ");
    }
  }
}

void print_fields(const element& object) {
  for (const auto& [key, value] : object.get_object()) {
    element first;
    const bool is_table = value.at_pointer("/0").get(first) == simdjson::SUCCESS && first.is_object();
    fmt::print("{}:{}{}\n", key, is_table ? "" : " ", is_table ? "" : shown(value));
    if (is_table) print_table(value);
  }
}

void print(const element& answer, CtlView view) {
  switch (view) {
    case CtlView::kModules:
      return print_modules(answer);
    case CtlView::kModule:
      return print_module(answer);
    case CtlView::kEachModule:
      for (const element module : answer.get_array()) print_module(module);
      return;
    case CtlView::kPins:
      return print_pins(answer);
    case CtlView::kHealthy:
      return fmt::print("healthy\n");
    case CtlView::kStartup:
      return print_startup(answer);
    case CtlView::kTable:
      return print_table(answer);
    case CtlView::kFields:
      return print_fields(answer);
    case CtlView::kText:
      return;
  }
}

}  // namespace

int print_answer(const AdminAnswer& answer, bool as_json, CtlView view) {
  const bool is_good = answer.status == 200;
  simdjson::dom::parser parser;
  element read;
  const bool is_json = view != CtlView::kText && parser.parse(answer.text).get(read) == simdjson::SUCCESS;
  std::string_view error;
  if (as_json || !is_json) {
    fmt::print(is_good || as_json ? stdout : stderr, "{}", answer.text);
  } else if (read["error"].get(error) == simdjson::SUCCESS) {
    fmt::print(stderr, "{}\n", error);
  } else {
    print(read, view);
  }
  return is_good ? kDone : kNo;
}

}  // namespace sofa::cli
