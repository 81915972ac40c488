#include "app/command.h"

#include <algorithm>
#include <cctype>

#include "app/exit.h"
#include "app/limits.h"
#include "report/text.h"

namespace ameia::app {
namespace {

constexpr size_t kSuggestDistanceMax = 3;
constexpr size_t kSuggestWordMax = 64;

// Levenshtein, with one row.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string with_suggestion(std::string what, std::string_view word, std::span<const std::string_view> known) {
  std::string_view near = nearest(word, known);
  if (!near.empty()) what.append("; did you mean ").append(near).append("?");
  return what;
}

}  // namespace

base::Error usage_error(std::string what) {
  return {base::Code::kUsage, std::move(what), {}};
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  if (word.size() > kSuggestWordMax) return best;
  size_t least = std::min(kSuggestDistanceMax, word.size() / 2 + 1) + 1;
  for (std::string_view candidate : known) {
    if (candidate.size() > kSuggestWordMax) continue;
    size_t d = distance(word, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

base::Status check_choice(const Option& option, std::string_view value) {
  if (option.choices.empty()) return {};
  std::vector<std::string_view> known = split(option.choices, '|');
  std::string_view choice = value.substr(0, value.find('='));
  bool takes_file = option.value.find('=') != std::string_view::npos;
  bool fits = std::find(known.begin(), known.end(), takes_file ? choice : value) != known.end();
  if (fits && takes_file && value.find('=') != std::string_view::npos && choice.size() + 1 == value.size()) {
    return std::unexpected(usage_error(std::string(option.name) + " " + std::string(value) + ": no file after ="));
  }
  if (fits) return {};
  std::string what = std::string(option.name) + ": \"" + report::clean(value) + "\" is not one of ";
  for (size_t i = 0; i < known.size(); ++i) what.append(i == 0 ? "" : ", ").append(known[i]);
  return std::unexpected(usage_error(with_suggestion(std::move(what), choice, known)));
}

bool Words::has(std::string_view option) const {
  return std::any_of(options_.begin(), options_.end(), [&](const auto& o) { return o.first == option; });
}

std::string Words::get(std::string_view option, std::string_view otherwise) const {
  for (auto at = options_.rbegin(); at != options_.rend(); ++at) {
    if (at->first == option) return at->second;
  }
  return std::string(otherwise);
}

std::vector<std::string> Words::all(std::string_view option) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : options_) {
    if (name == option) values.push_back(value);
  }
  return values;
}

base::Result<Words> Words::read(std::span<const Option> options, std::span<const std::string_view> words) {
  Words out;
  if (words.size() > kWordsMax)
    return std::unexpected(usage_error("more than " + std::to_string(kWordsMax) + " words"));
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "--") {
      for (++i; i < words.size(); ++i) out.operands_.emplace_back(words[i]);
      break;
    }
    // "-" is standard input, "-1 + x" an expression.
    bool is_option = word.size() >= 2 && word[0] == '-' &&
                     (word[1] == '-' || std::isalpha(static_cast<unsigned char>(word[1])) != 0);
    if (!is_option) {
      out.operands_.emplace_back(word);
      continue;
    }
    bool is_long = word.starts_with("--");
    std::string_view name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
    auto option = std::find_if(options.begin(), options.end(),
                               [&](const Option& o) { return (is_long ? o.name : o.letter) == name; });
    if (option == options.end()) {
      std::vector<std::string_view> known{"--help"};
      for (const Option& o : options) known.push_back(o.name);
      return std::unexpected(
          usage_error(with_suggestion("unknown option " + report::clean(is_long ? name : word), name, known)));
    }
    bool has_value = word.size() > name.size();
    std::string_view value = has_value ? word.substr(name.size()) : std::string_view();
    if (is_long && has_value) value.remove_prefix(1);
    if (option->value.empty()) {
      if (has_value) return std::unexpected(usage_error(std::string(option->name) + " takes no value"));
    } else if (!has_value) {
      if (i + 1 == words.size()) {
        return std::unexpected(usage_error(std::string(option->name) + " needs a value: " + std::string(option->name) +
                                           " " + std::string(option->value)));
      }
      value = words[++i];
    }
    if (!option->value.empty() && value.empty())
      return std::unexpected(usage_error(std::string(option->name) + ": the value is empty"));
    TRY_STATUS(check_choice(*option, value));
    if (!option->repeats && out.has(option->name))
      return std::unexpected(usage_error(std::string(option->name) + " is given twice"));
    out.options_.emplace_back(option->name, value);
  }
  return out;
}

base::Status check_operands(const Words& words, size_t least, size_t most, std::string_view what) {
  if (words.operands().size() < least) return std::unexpected(usage_error("needs " + std::string(what)));
  if (words.operands().size() > most) {
    return std::unexpected(usage_error("unexpected word \"" + report::clean(words.operands()[most]) + "\""));
  }
  return {};
}

const Command* find_command(std::string_view name) {
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string help_of(const Command& command) {
  std::string text = std::string(command.one_line) + "\n\nUsage: ameia " + std::string(command.name);
  if (!command.options.empty()) text += " [options]";
  if (!command.operands.empty()) text.append(" ").append(command.operands);
  text += "\n";
  if (!command.about.empty()) text.append("\n").append(command.about).append("\n");
  if (!command.options.empty()) {
    std::vector<std::string> heads;
    size_t width = 0;
    for (const Option& option : command.options) {
      std::string head = option.letter.empty() ? "    " : std::string(option.letter) + ", ";
      head += option.name;
      if (!option.value.empty()) head.append(" ").append(option.value);
      width = std::max(width, report::width_of(head));
      heads.push_back(std::move(head));
    }
    text += "\nOptions:\n";
    for (size_t i = 0; i < heads.size(); ++i) {
      const Option& option = command.options[i];
      text.append("  ").append(heads[i]).append(width - report::width_of(heads[i]) + 2, ' ').append(option.help);
      if (option.repeats) text += " (repeatable)";
      text += "\n";
      if (!option.choices.empty()) {
        text.append(width + 4, ' ').append("one of ");
        std::vector<std::string_view> known = split(option.choices, '|');
        for (size_t k = 0; k < known.size(); ++k) text.append(k == 0 ? "" : ", ").append(known[k]);
        text += "\n";
      }
    }
  }
  if (!command.examples.empty()) {
    text += "\nExamples:\n";
    for (std::string_view line : split(command.examples, '\n')) {
      size_t tab = line.find('\t');
      text.append("  ").append(line.substr(0, tab)).append("\n");
      if (tab != std::string_view::npos) text.append("      ").append(line.substr(tab + 1)).append("\n");
    }
  }
  return text;
}

std::string help_of_all() {
  std::string text =
      "Ameia inspects Kubernetes manifests and says what is wrong, where, and how to mend it.\n\n"
      "Usage: ameia COMMAND [options] [operands]\n\nCommands:\n";
  size_t width = 0;
  for (const Command& command : commands()) width = std::max(width, command.name.size());
  for (const Command& command : commands()) {
    text.append("  ")
        .append(command.name)
        .append(width - command.name.size() + 2, ' ')
        .append(command.one_line)
        .append("\n");
  }
  text +=
      "\nStart with:\n  ameia scan .\n      the worst risks first, each with its line, the reason and the fix\n"
      "  ameia help scan\n      every option of a command, with examples\n\n"
      "Exit codes: ";
  text += kExitCodes;
  return text;
}

int run_command_line(std::span<const std::string_view> words, Console& console) {
  auto asks_help = [](std::string_view word) { return word == "--help" || word == "-h"; };
  if (words.empty()) {
    console.err(help_of_all());
    return kUsage;
  }
  if (asks_help(words[0])) {
    console.out(help_of_all());
    return kOk;
  }
  if (words[0] == "--version" || words[0] == "-V") {
    const std::string_view version[] = {"version"};
    return run_command_line(version, console);
  }
  // The longest name wins: "policy lint" before "policy".
  const Command* command = nullptr;
  size_t used = 0;
  for (size_t n = std::min<size_t>(2, words.size()); n > 0 && command == nullptr; --n) {
    std::string name(words[0]);
    if (n == 2) name.append(" ").append(words[1]);
    command = find_command(name);
    used = n;
  }
  if (command == nullptr) {
    std::vector<std::string_view> known, below;
    std::string prefix = std::string(words[0]) + " ";
    for (const Command& c : commands()) {
      known.push_back(c.name);
      if (c.name.starts_with(prefix)) below.push_back(c.name.substr(prefix.size()));
    }
    if (below.empty()) {
      console.error(
          usage_error(with_suggestion("unknown command \"" + report::clean(words[0]) + "\"", words[0], known)));
    } else if (words.size() == 1 || asks_help(words[1])) {
      std::string list;
      for (std::string_view name : below) {
        const Command* found = find_command(prefix + std::string(name));
        list.append("  ameia ").append(found->name).append("  ").append(found->one_line).append("\n");
      }
      if (words.size() > 1) {
        console.out(list);
        return kOk;
      }
      console.error(usage_error("\"" + std::string(words[0]) + "\" needs one of:"));
      console.err(list);
      return kUsage;
    } else {
      console.error(usage_error(with_suggestion(
          "unknown command \"" + report::clean(prefix + std::string(words[1])) + "\"", words[1], below)));
    }
    console.err("Run `ameia help` for the list of commands.\n");
    return kUsage;
  }
  std::span<const std::string_view> rest = words.subspan(used);
  auto end_of_options = std::find(rest.begin(), rest.end(), "--");
  if (std::any_of(rest.begin(), end_of_options, asks_help)) {
    console.out(help_of(*command));
    return kOk;
  }
  auto usage = [&](const base::Error& error) {
    console.err("ameia " + std::string(command->name) + ": " + error.text() + "\nRun `ameia " +
                std::string(command->name) + " --help` for its options.\n");
    return exit_code_of(error.code);
  };
  auto read = Words::read(command->options, rest);
  if (!read) return usage(read.error());
  auto action = command->parse(*read);
  if (!action) return usage(action.error());
  return (*action)(console);
}

}  // namespace ameia::app
