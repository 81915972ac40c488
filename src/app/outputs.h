// Outputs: where -o FORMAT[=FILE] sends a report, and in which language. Files are opened before the work, so that a
// wrong path is known early.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "app/files.h"
#include "base/result.h"
#include "report/finding.h"
#include "report/print.h"

namespace ameia::app {

enum class Format : uint8_t {
  kTable,
  kJson,
  kNdjson,
  kSarif,
  kHtml,
  kMarkdown,
  kCsv,
  kJunit,
  kGithub,
  kGitlab,
  kOpenReports,
  kWgPolicy
};
inline constexpr std::string_view kFormatNames =
    "table|json|ndjson|sarif|html|md|csv|junit|github|gitlab|openreports|wgpolicy";  // in the order of Format

struct OutputChoice {
  Format format = Format::kTable;
  std::string file;  // empty: standard output
};

// Fails: kUsage when two want standard output or one file. `words` were checked against the formats.
base::Result<std::vector<OutputChoice>> parse_outputs(const std::vector<std::string>& words);

// Threads: one. Owns: the open files.
class Outputs {
 public:
  static base::Result<Outputs> open(std::vector<OutputChoice> choices);
  // Without a `language`, what people read (table, HTML, Markdown) is in that of the environment, and what machines
  // read in English.
  base::Status print(report::Report& report, std::optional<report::Language> language, Console& console);

 private:
  struct Open {
    OutputChoice choice;
    std::optional<OutputFile> file;
  };
  std::vector<Open> outputs_;
};

// What LC_ALL, LC_MESSAGES and LANG ask for, English otherwise.
report::Language language_of_environment();

}  // namespace ameia::app
