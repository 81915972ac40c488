// The command line: a table of commands, each with its options, its help and its two halves, parse and run.
// parse checks everything that can be checked without touching the world; run does the work and returns the exit code.
// Neighbours: app/commands.cc is the table, app/cmd_*.cc the commands, app/completions.cc reads the table too.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/console.h"
#include "base/result.h"

namespace ameia::app {

struct Option {
  std::string_view name;     // "--fail-on"
  std::string_view letter;   // "-o", empty without
  std::string_view value;    // "SEVERITY"; empty for a switch
  std::string_view help;     // one line
  std::string_view choices;  // "low|high": checked; "low|high=…" are prefixes before '='; empty: anything
  bool repeats = false;
  bool is_file = false;  // completions offer files
};

// What a command line said, checked against the options.
class Words {
 public:
  [[nodiscard]] bool has(std::string_view option) const;
  // The last value, or `otherwise`.
  [[nodiscard]] std::string get(std::string_view option, std::string_view otherwise = {}) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view option) const;
  [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
  // As if the command line said it; `value` was checked.
  void add(const Option& option, std::string value) { options_.emplace_back(option.name, std::move(value)); }

  // Accepts --name value, --name=value, -n value, -nvalue, and -- before operands.
  // Fails: kUsage, with the offending word and the nearest known one.
  static base::Result<Words> read(std::span<const Option> options, std::span<const std::string_view> words);

 private:
  std::vector<std::pair<std::string_view, std::string>> options_;
  std::vector<std::string> operands_;
};

using Action = std::function<int(Console&)>;

struct Command {
  std::string_view name;  // "policy lint"
  std::string_view one_line;
  std::string_view operands;  // "[PATH… | -]"
  std::string_view about;     // paragraphs of the help text
  std::string_view examples;  // "command\tcomment" lines
  std::span<const Option> options;
  base::Result<Action> (*parse)(const Words& words);
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);
// The whole help text of one command, and of all.
std::string help_of(const Command& command);
std::string help_of_all();

// Runs a command line (without the program's name); returns the exit code.
int run_command_line(std::span<const std::string_view> words, Console& console);

// The nearest of `known` to `word`, or empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known);
base::Error usage_error(std::string what);
// Fails when `value` is none of the option's choices; the text begins with the option's name.
base::Status check_choice(const Option& option, std::string_view value);
// What the exit codes mean, for help texts and manual pages.
inline constexpr std::string_view kExitCodes =
    "0 done and no gate crossed · 1 findings at or above --fail-on · 2 usage · 3 configuration or input ·\n"
    "4 unreachable · 5 incomplete coverage · 6 stale data · 7 verification failed · 70 internal error · 130 "
    "interrupted.\n"
    "When several apply, the first of 70, 2, 3, 4, 7, 1, 5, 6.\n";
// Fails unless there are between `least` and `most` operands; `what` names them: "an expression".
base::Status check_operands(const Words& words, size_t least, size_t most, std::string_view what);

}  // namespace ameia::app
