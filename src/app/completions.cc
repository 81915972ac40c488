// Shell completions, written from the table of commands, so that they never lag behind it.
#include <algorithm>
#include <string>
#include <vector>

#include "app/cmd.h"
#include "app/exit.h"

namespace ameia::app {
namespace {

std::string spaced(std::string_view choices) {
  std::string text(choices);
  for (char& c : text) {
    if (c == '|') c = ' ';
  }
  return text;
}

// For single quotes in a shell.
std::string shell_text(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

// First words, and the words that may follow a group.
std::string first_words() {
  std::string words, last;
  for (const Command& command : commands()) {
    std::string first(command.name.substr(0, command.name.find(' ')));
    if (first != last) words += (words.empty() ? "" : " ") + first;
    last = first;
  }
  return words;
}

// The first words of commands with two.
std::vector<std::string> groups() {
  std::vector<std::string> out;
  for (const Command& command : commands()) {
    size_t space = command.name.find(' ');
    if (space == std::string_view::npos) continue;
    std::string group(command.name.substr(0, space));
    if (std::find(out.begin(), out.end(), group) == out.end()) out.push_back(std::move(group));
  }
  return out;
}

std::string second_words(std::string_view group) {
  std::string words;
  for (const Command& command : commands()) {
    size_t space = command.name.find(' ');
    if (space == std::string_view::npos || command.name.substr(0, space) != group) continue;
    words.append(words.empty() ? "" : " ").append(command.name.substr(space + 1));
  }
  return words;
}

std::string bash() {
  std::string out =
      "# ameia completions for bash\n_ameia() {\n  local cur=\"${COMP_WORDS[COMP_CWORD]}\" "
      "prev=\"${COMP_WORDS[COMP_CWORD-1]}\" cmd\n"
      "  COMPREPLY=()\n  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W '" +
      first_words() +
      "' -- \"$cur\")); return; fi\n"
      "  cmd=\"${COMP_WORDS[1]}\"\n  case \"$cmd\" in\n";
  for (const std::string& group : groups()) {
    out += "    " + group + ") if [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W '" + second_words(group) +
           "' -- \"$cur\")); return; fi; cmd=\"$cmd ${COMP_WORDS[2]}\";;\n";
  }
  out += "  esac\n  case \"$cmd\" in\n";
  for (const Command& command : commands()) {
    std::string options = "--help", cases;
    for (const Option& option : command.options) {
      options.append(" ").append(option.name);
      if (!option.choices.empty()) {
        std::string names(option.name);
        if (!option.letter.empty()) names.append("|").append(option.letter);
        cases +=
            "        " + names + ") COMPREPLY=($(compgen -W '" + spaced(option.choices) + "' -- \"$cur\")); return;;\n";
      }
    }
    out += "    '" + std::string(command.name) + "')\n";
    if (!cases.empty()) out += "      case \"$prev\" in\n" + cases + "      esac\n";
    if (command.name == "completions")
      out += "      COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")); return;;\n";
    else if (command.name == "help")
      out += "      COMPREPLY=($(compgen -W '" + first_words() + "' -- \"$cur\")); return;;\n";
    else
      out += "      case \"$cur\" in -*) COMPREPLY=($(compgen -W '" + options + "' -- \"$cur\")); return;; esac;;\n";
  }
  return out + "  esac\n  COMPREPLY=($(compgen -f -- \"$cur\"))\n}\ncomplete -o filenames -F _ameia ameia\n";
}

// In a zsh option specification ':' and ']' have a meaning.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out += '\\';
    out += c;
  }
  return shell_text(out);
}

std::string zsh() {
  std::string out =
      "#compdef ameia\n# ameia completions for zsh\n_ameia() {\n  local cmd=\"${words[2]}\"\n  if (( CURRENT == 2 )); "
      "then\n    local -a list=(\n";
  std::string last;
  for (const Command& command : commands()) {
    std::string first(command.name.substr(0, command.name.find(' ')));
    if (first != last) {
      bool group = first.size() != command.name.size();
      out += "      '" + first + ":" + (group ? std::string("…") : shell_text(command.one_line)) + "'\n";
    }
    last = first;
  }
  out += "    )\n    _describe command list\n    return\n  fi\n  case \"$cmd\" in\n";
  for (const std::string& group : groups()) {
    out += "    " + group + ") if (( CURRENT == 3 )); then compadd " + second_words(group) +
           "; return; fi; cmd=\"$cmd ${words[3]}\"; shift words; (( CURRENT-- ));;\n";
  }
  out += "  esac\n  shift words; (( CURRENT-- ))\n  case \"$cmd\" in\n";
  for (const Command& command : commands()) {
    out += "    '" + std::string(command.name) + "') _arguments";
    for (const Option& option : command.options) {
      std::string rest = "[" + zsh_text(option.help) + "]";
      if (!option.value.empty()) {
        rest += ":" + zsh_text(option.value) + ":";
        rest += !option.choices.empty() ? "(" + spaced(option.choices) + ")" : option.is_file ? "_files" : "";
      }
      std::string star = option.repeats ? "*" : "";
      out += " '" + star + std::string(option.name) + rest + "'";
      if (!option.letter.empty()) out += " '" + star + std::string(option.letter) + rest + "'";
    }
    out += command.name == "completions"                     ? " '1:shell:(bash zsh fish)'"
           : command.name == "help" || command.name == "man" ? " '1:command:(" + first_words() + ")'"
                                                             : " '*:file:_files'";
    out += ";;\n";
  }
  return out + "  esac\n}\ncompdef _ameia ameia\n";
}

std::string fish() {
  std::string out =
      "# ameia completions for fish\ncomplete -c ameia -f -n __fish_use_subcommand -a '" + first_words() + "'\n";
  for (const std::string& group : groups()) {
    out += "complete -c ameia -f -n '__fish_seen_subcommand_from " + group + "' -a '" + second_words(group) + "'\n";
  }
  out += "complete -c ameia -f -n '__fish_seen_subcommand_from completions' -a 'bash zsh fish'\n";
  for (const Command& command : commands()) {
    size_t space = command.name.find(' ');
    std::string seen = "__fish_seen_subcommand_from " + std::string(command.name.substr(0, space));
    if (space != std::string_view::npos)
      seen += "; and __fish_seen_subcommand_from " + std::string(command.name.substr(space + 1));
    for (const Option& option : command.options) {
      out += "complete -c ameia -n '" + seen + "' -l " + std::string(option.name.substr(2));
      if (!option.letter.empty()) out += " -s " + std::string(option.letter.substr(1));
      if (!option.choices.empty())
        out += " -x -a '" + spaced(option.choices) + "'";
      else if (option.is_file)
        out += " -r -F";
      else if (!option.value.empty())
        out += " -x";
      out += " -d '" + shell_text(option.help) + "'\n";
    }
  }
  return out;
}

}  // namespace

base::Result<Action> parse_completions(const Words& words) {
  TRY_STATUS(check_operands(words, 1, 1, "a shell: bash, zsh or fish"));
  const std::string& shell = words.operands()[0];
  constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};
  if (std::find(std::begin(kShells), std::end(kShells), shell) == std::end(kShells)) {
    return std::unexpected(usage_error("\"" + shell + "\" is not one of bash, zsh, fish"));
  }
  return Action([shell](Console& console) {
    console.out(shell == "bash" ? bash() : shell == "zsh" ? zsh() : fish());
    return static_cast<int>(kOk);
  });
}

}  // namespace ameia::app
