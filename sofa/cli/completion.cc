// sofa completion: shell completion, generated from the command tree, so a new option needs nothing here.
//
// What a word may be is looked up by the command it belongs to and its place: `sofa config 0` is the first plain word
// behind `sofa config`, `sofa config check -` an option of that command, `sofa serve --grace` the value of that option.
// Where nothing is known (files, values) the shell completes files. A value or argument has choices when CLI11 shows
// them as {a,b} (CLI::IsMember does, type_name may).
#include <map>

#include <fmt/format.h>

#include "sofa/cli/command.h"

namespace sofa::cli {
namespace {

struct Word {
  std::string text;
  std::string about;
};

struct Tree {
  std::vector<std::string> commands;             // `sofa config`, `sofa config check`: all but the root
  std::vector<std::string> with_value;           // `sofa serve --grace`: the next word is its value
  std::map<std::string, std::vector<Word>> may;  // by place
};

std::vector<Word> choices(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{'), close = type.find('}');
  std::vector<Word> words;
  if (open == std::string::npos || close == std::string::npos) return words;
  for (const std::string& text : CLI::detail::split(type.substr(open + 1, close - open - 1), ',')) {
    words.push_back({text, option.get_description()});
  }
  return words;
}

void walk(const CLI::App& command, const std::string& path, Tree& tree) {
  std::size_t place = 0;
  for (const CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = path + " " + below->get_name();
    tree.commands.push_back(name);
    tree.may[path + " 0"].push_back({below->get_name(), below->get_description()});
    walk(*below, name, tree);
  }
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<Word> known = choices(*option);
    if (option->get_positional()) {
      if (!known.empty()) tree.may[fmt::format("{} {}", path, place)] = known;
      ++place;
      continue;
    }
    std::vector<std::string> names;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : names) {
      tree.may[path + " -"].push_back({name, option->get_description()});
      if (option->get_items_expected_max() == 0) continue;
      const std::string there = fmt::format("{} {}", path, name);
      tree.with_value.push_back(there);
      if (!known.empty()) tree.may[there] = known;
    }
  }
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4) text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

std::string alternatives(const std::vector<std::string>& places) {
  std::string out;
  for (const std::string& place : places) out += (out.empty() ? "" : " | ") + quoted(place);
  return out;
}

/// The part that bash and zsh share: reads the words before the one to complete, and sets `key` to its place.
std::string find_place(const Tree& tree, std::string_view words, std::string_view current, int first) {
  return fmt::format(R"(  local at=sofa given='' key
  local -i i place=0
  for ((i = {first}; i < {current}; i++)); do
    given=${{{words}[i]}}
    case "$at $given" in
      {commands}) at+=" $given" place=0 ;;
      {with_value}) i+=1 ;;
      *' -'*) ;;
      *) place+=1 ;;
    esac
  done
  if ((i > {current})); then key="$at $given"
  elif [[ ${{{words}[{current}]}} == -* ]]; then key="$at -"
  else key="$at $place"
  fi
)",
                     fmt::arg("first", first), fmt::arg("current", current), fmt::arg("words", words),
                     fmt::arg("commands", alternatives(tree.commands)),
                     fmt::arg("with_value", alternatives(tree.with_value)));
}

std::string bash(const Tree& tree) {
  std::string out = "# bash completion of sofa, written by `sofa completion bash`\n_sofa() {\n";
  out += find_place(tree, "COMP_WORDS", "COMP_CWORD", 1) + "  local words=''\n  case $key in\n";
  for (const auto& [place, words] : tree.may) {
    std::string texts;
    for (const Word& word : words) texts += (texts.empty() ? "" : " ") + word.text;
    out += fmt::format("    {}) words={} ;;\n", quoted(place), quoted(texts));
  }
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
         "complete -o default -F _sofa sofa\n";
}

std::string zsh(const Tree& tree) {
  std::string out = "#compdef sofa\n# zsh completion of sofa, written by `sofa completion zsh`\n_sofa() {\n";
  out += find_place(tree, "words", "CURRENT", 2) + "  local -a known\n  case $key in\n";
  for (const auto& [place, words] : tree.may) {
    std::string texts;
    for (const Word& word : words) texts += " " + quoted(word.text + ":" + word.about);
    out += fmt::format("    {}) known=({}) ;;\n", quoted(place), texts.substr(1));
  }
  return out +
         "  esac\n  if ((#known)); then _describe sofa known; else _files; fi\n}\n"
         "if [[ $funcstack[1] == _sofa ]]; then _sofa \"$@\"; else compdef _sofa sofa; fi\n";
}

std::string fish(const Tree& tree) {
  std::string out = "# fish completion of sofa, written by `sofa completion fish`\n";
  out += "function __sofa_place\n  set -l at sofa\n  set -l place 0\n  set -l value ''\n";
  out +=
      "  for given in (commandline -opc)[2..]\n    if test -n \"$value\"\n      set value ''\n      continue\n    "
      "end\n";
  out += "    switch \"$at $given\"\n";
  const auto names = [](const std::vector<std::string>& places) {
    std::string all;
    for (const std::string& place : places) all += " " + quoted(place);
    return all;
  };
  out += "      case" + names(tree.commands) + "\n        set at \"$at $given\"\n        set place 0\n";
  out += "      case" + names(tree.with_value) + "\n        set value $given\n      case '* -*'\n      case '*'\n";
  out += "        set place (math $place + 1)\n    end\n  end\n";
  out += "  if test -n \"$value\"\n    test \"$argv\" = \"$at $value\"\n";
  out += "  else if string match -q -- '-*' (commandline -ct)\n    test \"$argv\" = \"$at -\"\n";
  out += "  else\n    test \"$argv\" = \"$at $place\"\n  end\nend\n";
  for (const auto& [place, words] : tree.may) {
    for (const Word& word : words) {
      out += fmt::format("complete -c sofa -f -n {} -a {} -d {}\n", quoted("__sofa_place " + place), quoted(word.text),
                         quoted(word.about));
    }
  }
  return out;
}

}  // namespace

std::function<int()> setup_completion(CLI::App& command) {
  command.footer(
      "An installed sofa has brought it. Else, for this shell:\n"
      "  bash: source <(sofa completion bash)\n"
      "  zsh:  source <(sofa completion zsh)      # after compinit\n"
      "  fish: sofa completion fish | source\n\n"
      "Example:\n  sofa completion bash > ~/.local/share/bash-completion/completions/sofa");
  auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "the shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell, &command] {
    Tree tree;
    walk(*command.get_parent(), "sofa", tree);
    fmt::print("{}", *shell == "bash" ? bash(tree) : *shell == "zsh" ? zsh(tree) : fish(tree));
    return +kDone;
  };
}

}  // namespace sofa::cli
