#include "app/outputs.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "app/command.h"

namespace ameia::app {
namespace {

using Print = void (*)(const report::Report&, const report::Sink&);

struct FormatRow {
  std::string_view name;
  bool for_people;
  Print print;  // nullptr: the table, which knows the terminal
};

// In the order of Format.
constexpr FormatRow kFormats[] = {
    {"table", true, nullptr},
    {"json", false, report::print_json},
    {"ndjson", false, report::print_ndjson},
    {"sarif", false, report::print_sarif},
    {"html", true, report::print_html},
    {"md", true, report::print_markdown},
    {"csv", false, report::print_csv},
    {"junit", false, report::print_junit},
    {"github", false, report::print_github},
    {"gitlab", false, report::print_gitlab},
    {"openreports", false, report::print_openreports},
    {"wgpolicy", false, report::print_wgpolicy},
};

const FormatRow& row_of(Format format) {
  return kFormats[static_cast<size_t>(format)];
}

Format format_named(std::string_view name) {
  const auto* row =
      std::find_if(std::begin(kFormats), std::end(kFormats), [&](const FormatRow& r) { return r.name == name; });
  return row == std::end(kFormats) ? Format::kTable : static_cast<Format>(row - kFormats);
}

}  // namespace

base::Result<std::vector<OutputChoice>> parse_outputs(const std::vector<std::string>& words) {
  std::vector<OutputChoice> choices;
  std::set<std::string> files;
  for (const std::string& word : words) {
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    OutputChoice choice;
    choice.format = format_named(name);
    if (equals != std::string::npos && word.substr(equals + 1) != "-") choice.file = word.substr(equals + 1);
    if (!files.insert(choice.file).second) {
      return std::unexpected(usage_error(
          choice.file.empty() ? "-o: two formats want standard output; give one of them a file: -o " + name + "=FILE"
                              : "-o: two formats want the file " + choice.file));
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

base::Result<Outputs> Outputs::open(std::vector<OutputChoice> choices) {
  Outputs outputs;
  for (OutputChoice& choice : choices) {
    Open open{std::move(choice), std::nullopt};
    if (!open.choice.file.empty()) open.file.emplace(TRY(OutputFile::create(open.choice.file)));
    outputs.outputs_.push_back(std::move(open));
  }
  return outputs;
}

base::Status Outputs::print(report::Report& report, std::optional<report::Language> language, Console& console) {
  base::Status first;
  for (Open& open : outputs_) {
    const FormatRow& row = row_of(open.choice.format);
    report.language = language ? *language : row.for_people ? language_of_environment() : report::Language::kEnglish;
    report::TableOptions table;
    if (!open.file) table = {.width = console.width(), .color = console.color()};
    auto sink = [&](std::string_view text) { open.file ? open.file->write(text) : console.out(text); };
    if (row.print == nullptr) {
      report::print_table(report, table, sink);
    } else {
      row.print(report, sink);
    }
    if (!open.file) continue;
    if (auto status = open.file->commit(); !status && first) first = status;
  }
  return first;
}

report::Language language_of_environment() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("pt") ? report::Language::kPortuguese : report::Language::kEnglish;
  }
  return report::Language::kEnglish;
}

}  // namespace ameia::app
