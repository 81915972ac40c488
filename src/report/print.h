// Printers: one Report in the formats people and machines read. The room's front door together with report/finding.h.
//   table  for a terminal      json   the contract of `ameia scan -o json` (docs/formats/scan-json.md)
//   sarif  2.1.0, for code hosts   html   one file that needs nothing else
// All write through a Sink in pieces and never fail themselves; the sink's owner notices a full disk.
#pragma once

#include <functional>
#include <string_view>

#include "report/finding.h"

namespace ameia::report {

using Sink = std::function<void(std::string_view)>;

struct TableOptions {
  size_t width = 100;  // columns
  bool color = false;
  size_t top_groups = 6;        // checks shown in full
  size_t places_per_group = 3;  // of each of them
};

void print_table(const Report& report, const TableOptions& options, const Sink& sink);
void print_json(const Report& report, const Sink& sink);
void print_sarif(const Report& report, const Sink& sink);
void print_html(const Report& report, const Sink& sink);

}  // namespace ameia::report
