// Fixer: scans, writes the fixes of what is found into the texts of the files, and scans the texts again, until a scan
// leaves nothing to write. Works on texts in memory; app/cmd_fix.cc writes files.
// Neighbours: policy/fix.h says what a fix does to an object, doc/edit.h what that is in the text.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/scan.h"
#include "app/walk.h"
#include "policy/fix.h"
#include "policy/policy.h"

namespace ameia::app {

struct FixChoice {
  std::function<bool(const report::Finding&)> wanted;            // of findings that fail and are not held back
  std::set<std::string> accepted;                                // checks whose decisions are made
  std::function<void(std::vector<report::Finding>&)> hold_back;  // waivers, a baseline
};

struct FixedFile {
  std::string name, before, after;
};
// A finding and what is to be said of it: what was written, what is proposed and asked, why it was not written.
struct FixNote {
  report::Finding finding;
  std::string patch, why;
};

struct FixOutcome {
  std::vector<FixedFile> files;  // that change, in the order of the walk
  std::vector<FixNote> written, proposed, refused;
  std::vector<report::Finding> unfixable;  // findings of checks that propose nothing for them
  std::string input;                       // standard input, fixed, where it was read
  ScanResult last;                         // what the texts hold now
};

// Puts what the fix of each failing finding would write into report.fixes. Threads: none. Fails: never; a finding whose
// fix cannot be written has none. Limits: kProposalBytesMax, past which report.fixes_left_out counts.
void propose_fixes(const Walk& walk, const policy::PolicySet& policies, report::Report& report);

// Threads: as scan(). Fails: kInvalidInput when standard input cannot be read. Limits: kFixRoundsMax.
base::Result<FixOutcome> fix_texts(Walk walk, const std::shared_ptr<const policy::PolicySet>& policies,
                                   const FixChoice& choice, unsigned jobs, const Progress& progress);

}  // namespace ameia::app
