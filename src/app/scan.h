// The scan pipeline: files in, one Report out. Two passes over the files, each on all workers: the first learns what
// objects say about each other (namespaces, owners, custom resources), the second judges. The report is the same
// whatever the number of workers. Neighbours: app/walk.h (files), policy/policy.h (judges), app/cmd_scan.cc (options,
// output, gate).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/walk.h"
#include "policy/policy.h"
#include "report/finding.h"

namespace ameia::app {

// Called from the calling thread now and then with files done and all.
using Progress = std::function<void(size_t done, size_t all)>;

struct ScanResult {
  report::Report report;
  bool named_input_failed = false;    // a path of the command line could not be read
  std::vector<std::string> warnings;  // what type checking says of the user's policies, about kinds of the scanned set
  bool any_error = false;             // a file or check that should have been judged ended in an error
};

// `jobs` 0: as many as the machine has. Fails: never; what cannot be judged is a row of the report.
ScanResult scan(const Walk& walk, const std::shared_ptr<const policy::PolicySet>& policies, unsigned jobs,
                const Progress& progress);

// Ids of the findings about documents, not objects.
inline constexpr std::string_view kDuplicateKeyId = "AM-DOC-001";
inline constexpr std::string_view kUnreadableId = "AM-DOC-002";
inline constexpr std::string_view kUnparsableId = "AM-DOC-003";
inline constexpr std::string_view kTemplateId = "AM-DOC-004";
inline constexpr std::string_view kPatchId = "AM-DOC-005";
inline constexpr std::string_view kUnknownKindId = "AM-DOC-006";
inline constexpr std::string_view kNoObjectId = "AM-DOC-007";
// Their rules, for reports, `explain` and `list checks`.
const std::vector<report::Rule>& document_rules();

// How many threads a run uses: asked for, or the machine's, at most one a file.
unsigned worker_count(unsigned jobs, size_t files);

}  // namespace ameia::app
