#include "app/outputs.h"

#include <set>

#include "app/command.h"

namespace ameia::app {
namespace {

void print_as(Format format, const report::Report& report, const report::TableOptions& table,
              const report::Sink& sink) {
  switch (format) {
    case Format::kTable: report::print_table(report, table, sink); break;
    case Format::kJson: report::print_json(report, sink); break;
    case Format::kSarif: report::print_sarif(report, sink); break;
    case Format::kHtml: report::print_html(report, sink); break;
  }
}

}  // namespace

base::Result<std::vector<OutputChoice>> parse_outputs(const std::vector<std::string>& words) {
  std::vector<OutputChoice> choices;
  std::set<std::string> files;
  for (const std::string& word : words) {
    size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    OutputChoice choice;
    choice.format = name == "json"    ? Format::kJson
                    : name == "sarif" ? Format::kSarif
                    : name == "html"  ? Format::kHtml
                                      : Format::kTable;
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

base::Status Outputs::print(const report::Report& report, Console& console) {
  base::Status first;
  for (Open& open : outputs_) {
    if (!open.file) {
      report::TableOptions table{.width = console.width(), .color = console.color()};
      print_as(open.choice.format, report, table, [&](std::string_view text) { console.out(text); });
      continue;
    }
    print_as(open.choice.format, report, {}, [&](std::string_view text) { open.file->write(text); });
    if (auto status = open.file->commit(); !status && first) first = status;
  }
  return first;
}

}  // namespace ameia::app
