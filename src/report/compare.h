// Compare: two states of the same things by their findings: what is new, what is gone, what is still there.
// Neighbours: report/fingerprint.h says when two findings are one; app/cmd_diff.cc makes the states.
#pragma once

#include <vector>

#include "report/finding.h"
#include "report/print.h"

namespace ameia::report {

struct ChangedFinding {
  const Finding* before = nullptr;
  const Finding* now = nullptr;
};

// Failing findings by fingerprint. Borrows from both reports, in their order.
struct Comparison {
  const Report* before = nullptr;
  const Report* now = nullptr;
  std::vector<const Finding*> fresh, gone;
  std::vector<ChangedFinding> changed;  // of another severity
  uint64_t same = 0;
  uint64_t unjudged_before = 0, unjudged_now = 0;  // files and checks that ended in an error: what they would have said
};

Comparison compare(const Report& before, const Report& now);

void print_comparison_table(const Comparison& comparison, size_t width, const Sink& sink);
void print_comparison_json(const Comparison& comparison, const Sink& sink);
void print_comparison_markdown(const Comparison& comparison, const Sink& sink);

}  // namespace ameia::report
