// Outputs: where -o FORMAT[=FILE] sends a report. Files are opened before the work, so that a wrong path is known
// early.
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

enum class Format : uint8_t { kTable, kJson, kSarif, kHtml };

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
  base::Status print(const report::Report& report, Console& console);

 private:
  struct Open {
    OutputChoice choice;
    std::optional<OutputFile> file;
  };
  std::vector<Open> outputs_;
};

}  // namespace ameia::app
