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

std::vector<const Command*> commands_of(std::string_view group) {
  std::vector<const Command*> out;
  for (const Command& command : commands()) {
    size_t space = command.name.find(' ');
    if (space != std::string_view::npos && command.name.substr(0, space) == group) out.push_back(&command);
  }
  return out;
}

std::string_view second_word(const Command& command) {
  return command.name.substr(command.name.find(' ') + 1);
}

std::string second_words(std::string_view group) {
  std::string words;
  for (const Command* command : commands_of(group))
    words.append(words.empty() ? "" : " ").append(second_word(*command));
  return words;
}

// Commands whose operand is another command.
bool names_a_command(const Command& command) {
  return command.name == "help" || command.name == "man";
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
    else if (names_a_command(command))
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

// A line of _describe: the word and what it is for.
std::string zsh_word(std::string_view word, std::string_view help) {
  return "      '" + std::string(word) + ":" + shell_text(help) + "'\n";
}

std::string zsh() {
  std::string out =
      "#compdef ameia\n# ameia completions for zsh\n_ameia() {\n  if (( CURRENT == 2 )); then\n"
      "    local -a list=(\n";
  std::string last;
  for (const Command& command : commands()) {
    std::string first(command.name.substr(0, command.name.find(' ')));
    bool is_group = first.size() != command.name.size();
    if (first != last) out += zsh_word(first, is_group ? second_words(first) : command.one_line);
    last = first;
  }
  out += "    )\n    _describe command list\n    return\n  fi\n  local cmd=\"${words[2]}\"\n  case \"$cmd\" in\n";
  for (const std::string& group : groups()) {
    out += "    " + group + ")\n    if (( CURRENT == 3 )); then\n    local -a list=(\n";
    for (const Command* command : commands_of(group)) out += zsh_word(second_word(*command), command->one_line);
    out +=
        "    )\n    _describe command list\n    return\n    fi\n"
        "    cmd=\"$cmd ${words[3]}\"; shift words; (( CURRENT-- ));;\n";
  }
  out += "  esac\n  shift words; (( CURRENT-- ))\n  case \"$cmd\" in\n";
  for (const Command& command : commands()) {
    out += "    '" + std::string(command.name) + "') _arguments '--help[print its help]'";
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
    out += command.name == "completions" ? " '1:shell:(bash zsh fish)'"
           : names_a_command(command)    ? " '1:command:(" + first_words() + ")'"
                                         : " '*:file:_files'";
    out += ";;\n";
  }
  // Found in $fpath the file itself is the function, and its first call has to complete; sourced, it registers it.
  return out + "  esac\n}\nif [[ \"${funcstack[1]}\" == _ameia ]]; then _ameia \"$@\"; else compdef _ameia ameia; fi\n";
}

// Whether the line so far begins with these words; with --only, whether it is nothing else.
constexpr std::string_view kFishAfter =
    "function __ameia_after\n"
    "    set -l words (commandline -opc)\n"
    "    set -e words[1]\n"
    "    if test \"$argv[1]\" = --only\n"
    "        set -e argv[1]\n"
    "        test (count $words) -eq (count $argv); or return 1\n"
    "    end\n"
    "    for at in (seq (count $argv))\n"
    "        test \"$words[$at]\" = \"$argv[$at]\"; or return 1\n"
    "    end\n"
    "end\n";

// What may stand behind these words.
std::string fish_word(std::string_view after, std::string_view word, std::string_view help) {
  std::string where = "__ameia_after --only" + std::string(after.empty() ? "" : " ") + std::string(after);
  return "complete -c ameia -f -n '" + where + "' -a '" + std::string(word) + "'" +
         (help.empty() ? "" : " -d '" + shell_text(help) + "'") + "\n";
}

std::string fish() {
  std::string out = "# ameia completions for fish\n" + std::string(kFishAfter), last;
  for (const Command& command : commands()) {
    std::string first(command.name.substr(0, command.name.find(' ')));
    bool is_group = first.size() != command.name.size();
    if (first != last) out += fish_word("", first, is_group ? second_words(first) : command.one_line);
    if (is_group) out += fish_word(first, second_word(command), command.one_line);
    if (names_a_command(command)) out += fish_word(command.name, first_words(), "");
    last = first;
  }
  out += fish_word("completions", "bash zsh fish", "");
  for (const Command& command : commands()) {
    std::string option_of = "complete -c ameia -n '__ameia_after " + std::string(command.name) + "' -l ";
    out += option_of + "help -d 'print its help'\n";
    for (const Option& option : command.options) {
      out += option_of + std::string(option.name.substr(2));
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
