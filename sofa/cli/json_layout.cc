#include "sofa/cli/json_layout.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace sofa::cli {
namespace {

constexpr std::size_t kColumns = 100;

// For each bracket that opens, where it closes.
std::vector<std::size_t> closing_brackets(std::string_view json) {
  std::vector<std::size_t> closing(json.size()), open;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      open.push_back(i);
    } else if ((c == '}' || c == ']') && !open.empty()) {
      closing[open.back()] = i;
      open.pop_back();
    }
  }
  return closing;
}

}  // namespace

std::string lay_out(std::string_view json) {
  const std::vector<std::size_t> closing = closing_brackets(json);
  std::string out;
  std::size_t depth = 0;  // of brackets that got lines of their own
  bool in_text = false;
  const auto new_line = [&] { out += '\n' + std::string(2 * depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      out += c;
      if (c == '\\' && i + 1 < json.size()) out += json[++i];
      if (c == '"') in_text = false;
    } else if ((c == '{' || c == '[') && closing[i] > i && closing[i] - i + 2 * depth < kColumns) {
      out += json.substr(i, closing[i] - i + 1);
      i = closing[i];
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      new_line();
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      new_line();
      out += c;
    } else if (c == ',') {
      out += c;
      new_line();
    } else if (c == ':') {
      out += ": ";
    } else {
      in_text = c == '"';
      if (c != '\n') out += c;
    }
  }
  return out;
}

}  // namespace sofa::cli
