// Printers: one Report in the formats people and machines read. The room's front door together with report/finding.h.
//   table  for a terminal      json   the contract of `ameia scan -o json` (docs/formats/scan-json.md)
//   sarif  2.1.0, for code hosts   html   one file that needs nothing else
//   ndjson, csv, junit, md, github, gitlab, openreports, wgpolicy: docs/formats/reports.md
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
// One JSON object a line: the run, every finding with all its texts, the summary.
void print_ndjson(const Report& report, const Sink& sink);
// RFC 4180; no cell is a formula to a spreadsheet.
void print_csv(const Report& report, const Sink& sink);
// XML as Jenkins, GitLab and others read it: a suite a check, a case a place.
void print_junit(const Report& report, const Sink& sink);
// GitHub-flavoured Markdown, for a comment or a job summary.
void print_markdown(const Report& report, const Sink& sink);
// Workflow commands, which GitHub Actions shows as annotations beside the lines.
void print_github(const Report& report, const Sink& sink);
// GitLab's Code Quality report.
void print_gitlab(const Report& report, const Sink& sink);
// A List of Reports (openreports.io/v1alpha1) or PolicyReports (wgpolicyk8s.io/v1alpha2): one a namespace, and one of
// the cluster.
void print_openreports(const Report& report, const Sink& sink);
void print_wgpolicy(const Report& report, const Sink& sink);

}  // namespace ameia::report
