// Finding: the one result type of Ameia. Everything that judges something says so with Findings; every printer,
// gate, baseline and waiver reads only them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "report/framework.h"
#include "report/language.h"

namespace ameia::report {

enum class Severity : uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };
// pass needs evidence; not_evaluated says what would answer it.
enum class FindingStatus : uint8_t { kPass, kFail, kNotEvaluated, kNotApplicable, kManual, kError };

std::string_view to_string(Severity severity);     // "info" "low" "medium" "high" "critical"
std::string_view to_string(FindingStatus status);  // "pass" "fail" "not_evaluated" "not_applicable" "manual" "error"
std::optional<Severity> parse_severity(std::string_view text);

struct Resource {
  std::string api_version, kind, ns, name;  // ns empty for cluster-scoped or unset
  std::string uid;                          // when known (live objects)
  bool operator==(const Resource&) const = default;
};

struct Location {
  std::string file;             // as the user named it; "-" for standard input
  uint32_t line = 0;            // 1-based; 0 = no line known
  uint32_t column = 0;          // code points
  uint32_t begin = 0, end = 0;  // byte span in the file, for fixes
  std::string pointer;          // JSON Pointer of the offending field inside the object
};

// title, why, remediation, tags and references are empty where the Report's Rule with the same id says it: a scan of a
// hundred thousand objects keeps each text once.
struct Finding {
  std::string id;  // "AM-POD-001"
  std::string title;
  Severity severity = Severity::kInfo;
  FindingStatus status = FindingStatus::kFail;
  Resource resource;
  Location location;
  std::string message;      // what is wrong here, with the offending value
  std::string value;        // the offending value alone, cut short; never a secret
  std::string why;          // why it matters
  std::string remediation;  // how to mend it
  std::string fingerprint;  // report/fingerprint.h
  // What it was before it held still while maps appear; empty where it is the same. Baselines and waivers know either.
  std::string earlier_fingerprint;
  std::vector<std::string> tags;  // "cis-1.12:5.2.2", "pss:baseline", "mitre:T1611", "nsa:…"
  std::vector<std::string> references;
  // Set when a waiver or baseline holds it back; the finding is still listed, not counted by a gate.
  std::string suppressed_by;
};

// A check's texts in another language; empty where there is no translation.
struct RuleTexts {
  std::string title, why, remediation;
};

// What `ameia fix` can write for a check.
struct RuleFix {
  std::string writes;    // "securityContext.privileged: false"
  std::string decision;  // what must be known first; empty: it is safe
};

// A text that takes the place of a part of a file. Lines and columns as in Location; the end is behind the part.
struct Replacement {
  uint32_t line = 0, column = 0, end_line = 0, end_column = 0;
  std::string text;
};

// What `ameia fix` would write for one finding.
struct ProposedFix {
  RuleFix fix;
  std::vector<Replacement> replacements;  // in order, none overlaps another
};

// One check's fixed text, for rules tables (SARIF, HTML, explain).
struct Rule {
  std::string id, title, why, remediation;
  Severity severity = Severity::kInfo;
  std::vector<std::string> tags, references;
  RuleTexts portuguese;
  std::vector<RuleFix> fixes;  // the first that fits a finding is its own
};

struct Coverage {
  uint64_t evaluated = 0;      // object × check pairs that ended pass or fail
  uint64_t not_evaluated = 0;  // pairs or files that should have been and were not
  uint64_t errors = 0;
  [[nodiscard]] double share() const;  // evaluated / all, 1 when nothing was asked
};

// Object × check pairs that ended pass or fail, by Severity of the check. A pair is counted once, however many places
// of the object fail it. What the score is made of.
struct Tally {
  std::array<uint64_t, 5> passed{}, failed{};
  void add(const Tally& other);
};

struct Report {
  std::vector<Rule> rules;        // sorted by id
  std::vector<Finding> findings;  // worst first after sort_findings
  Coverage coverage;
  uint64_t files = 0, objects = 0, checks = 0;
  Tally tally;
  std::map<std::string, CheckTally, std::less<>> by_check;  // by the check's id
  std::vector<FrameworkReport> frameworks;                  // those that were asked for
  std::vector<FrameworkReport> frameworks_portuguese;       // the same, in Portuguese
  std::map<std::string, ProposedFix, std::less<>> fixes;    // by fingerprint, where a format shows them
  uint64_t fixes_left_out = 0;                              // of more text than kProposalBytesMax
  std::string tool_version, started_at;                     // RFC 3339
  double seconds = 0;
  Language language = Language::kEnglish;  // of the printers' own words and of the rules' texts

  [[nodiscard]] const Rule* find_rule(std::string_view id) const;  // `rules` is sorted by id
};

// The weighted share of pairs that passed, 0–100; nullopt when no pair was judged. Meaningful only beside coverage.
// Waived findings still count as failed: a waiver changes the gate, not the facts.
std::optional<double> score(const Tally& tally);
// What one pair weighs: 1, 2, 5, 10, 20 from info to critical.
uint64_t weight(Severity severity);

// Not suppressed first; then what failed, what broke and the rest; each by severity, id, file and line. Every printer
// uses this order.
void sort_findings(std::vector<Finding>& findings);

}  // namespace ameia::report
