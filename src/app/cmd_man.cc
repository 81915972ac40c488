// ameia man: manual pages in roff (man(7)), written from the table of commands, so that they never lag behind it.
#include <algorithm>
#include <cctype>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/version.h"
#include "report/text.h"

namespace ameia::app {
namespace {

// Text in roff: what it would take for markup becomes what it looks like.
std::string roff(std::string_view text) {
  std::string out;
  bool at_line_start = true;
  for (char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";
    at_line_start = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '`':
      case '\'': out += c == '`' ? "\\(ga" : "\\(aq"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      default: out += c;
    }
  }
  return out;
}

std::string page_name(std::string_view command) {
  std::string name = command.empty() ? "ameia" : "ameia-" + std::string(command);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string head(std::string_view page, std::string_view one_line) {
  std::string upper(page);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".\\\" Written by `ameia man`; do not edit.\n.TH " + roff(upper) + " 1 \"\" \"ameia " + std::string(kVersion) +
         "\" \"Ameia manual\"\n.SH NAME\n" + roff(page) + " \\- " + roff(one_line) + "\n";
}

void append_options(std::string& out, std::span<const Option> options) {
  if (options.empty()) return;
  out += ".SH OPTIONS\n";
  for (const Option& option : options) {
    out += ".TP\n";
    if (!option.letter.empty()) out += "\\fB" + roff(option.letter) + "\\fR, ";
    out += "\\fB" + roff(option.name) + "\\fR";
    if (!option.value.empty()) out += " \\fI" + roff(option.value) + "\\fR";
    out += "\n" + roff(option.help) + (option.repeats ? " (repeatable)" : "") + ".\n";
    if (option.choices.empty()) continue;
    std::string choices(option.choices);
    for (size_t at = 0; (at = choices.find('|', at)) != std::string::npos;) choices.replace(at, 1, ", ");
    out += "One of " + roff(choices) + ".\n";
  }
}

void append_examples(std::string& out, std::string_view examples) {
  if (examples.empty()) return;
  out += ".SH EXAMPLES\n";
  while (!examples.empty()) {
    std::string_view line = examples.substr(0, examples.find('\n'));
    examples.remove_prefix(std::min(line.size() + 1, examples.size()));
    size_t tab = line.find('\t');
    out += ".TP\n.B " + roff(line.substr(0, tab)) + "\n";
    out += tab == std::string_view::npos ? "\\&\n" : roff(line.substr(tab + 1)) + "\n";
  }
}

void append_exit_codes(std::string& out) {
  out += ".SH EXIT STATUS\n" + roff(kExitCodes);
}

std::string page_of(const Command& command) {
  std::string out = head(page_name(command.name), command.one_line);
  out += ".SH SYNOPSIS\n.B ameia " + roff(command.name) + "\n";
  if (!command.options.empty()) out += "[\\fIoptions\\fR]\n";
  if (!command.operands.empty()) out += roff(command.operands) + "\n";
  out += ".SH DESCRIPTION\n" + roff(command.one_line) + ".\n";
  if (!command.about.empty()) out += ".PP\n" + roff(command.about) + "\n";
  append_options(out, command.options);
  append_examples(out, command.examples);
  append_exit_codes(out);
  return out + ".SH SEE ALSO\n.BR ameia (1)\n";
}

std::string page_of_all() {
  std::string out = head("ameia", "inspects Kubernetes manifests and says what is wrong, where, and how to mend it");
  out +=
      ".SH SYNOPSIS\n.B ameia\n.I command\n[\\fIoptions\\fR] [\\fIoperands\\fR]\n.SH DESCRIPTION\n"
      "The security platform of a Kubernetes estate in one program. It reads manifests and says what is wrong with "
      "them, "
      "worst first, with the line, the reason and the mend. It needs no account and no network.\n.SH COMMANDS\n";
  for (const Command& command : commands())
    out += ".TP\n.BR " + roff(page_name(command.name)) + " (1)\n" + roff(command.one_line) + ".\n";
  append_exit_codes(out);
  return out +
         ".SH FILES\n.TP\n.I ameia.yaml\nConfiguration of a scan: "
         "\\fBameia config schema\\fR prints its schema.\n.TP\n.I .ameiaignore\n"
         "What a scan leaves out, in the syntax of "
         ".gitignore.\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\nNo colour on standard output.\n.TP\n.BR LC_ALL \", \" "
         "LC_MESSAGES \", \" LANG\nPortuguese when they begin with pt, English otherwise.\n";
}

base::Result<int> write_pages(const std::string& directory) {
  auto write = [&](const std::string& name, const std::string& page) -> base::Status {
    OutputFile file = TRY(OutputFile::create(directory + "/" + name + ".1"));
    file.write(page);
    return file.commit();
  };
  TRY_STATUS(write("ameia", page_of_all()));
  for (const Command& command : commands()) TRY_STATUS(write(page_name(command.name), page_of(command)));
  return static_cast<int>(kOk);
}

}  // namespace

base::Result<Action> parse_man(const Words& words) {
  std::string name;
  for (const std::string& word : words.operands()) name += (name.empty() ? "" : " ") + word;
  if (words.has("--write")) {
    if (!name.empty()) return std::unexpected(usage_error("--write writes all pages; it takes no command"));
    return Action(
        [directory = words.get("--write")](Console& console) { return finish(write_pages(directory), console); });
  }
  const Command* command = name.empty() ? nullptr : find_command(name);
  if (command == nullptr && !name.empty()) {
    std::vector<std::string_view> known;
    for (const Command& c : commands()) known.push_back(c.name);
    std::string what = "unknown command \"" + report::clean(name) + "\"";
    if (std::string_view near = nearest(name, known); !near.empty())
      what.append("; did you mean ").append(near).append("?");
    return std::unexpected(usage_error(std::move(what)));
  }
  return Action([command](Console& console) {
    console.out(command == nullptr ? page_of_all() : page_of(*command));
    return static_cast<int>(kOk);
  });
}

}  // namespace ameia::app
