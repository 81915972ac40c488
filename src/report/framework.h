// Frameworks: benchmarks and guides whose sections are answered by checks. A framework is data (frameworks/*.yaml, or a
// file of the user's); what a scan says about it is a FrameworkReport. Neighbours: report/finding.h (Report), the
// printers. How a file is written: docs/frameworks.md.
//
//   pass            a check of the section judged at least one object, and all of them passed
//   fail            a check of the section failed somewhere; a waived finding is a fail still
//   error           a check of the section could not be evaluated
//   not_evaluated   no object of the scan could answer it, or only part of them could be judged: `needs` says what
//   would manual          only a person can say
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/document.h"
#include "report/language.h"

namespace ameia::report {

struct Report;
struct Rule;
enum class FindingStatus : uint8_t;

// title.pt and needs.pt in a file: the same in Portuguese; empty where there is no translation.
struct FrameworkSection {
  std::string id, title, title_pt, level;
  std::string needs;  // a key of Framework::needs
  std::vector<std::string> checks;
  bool manual = false;
};

struct FrameworkGroup {
  std::string id, title, title_pt;
  std::vector<FrameworkSection> sections;
};

// Another name of the framework, or of some of its levels.
struct FrameworkVariant {
  std::string name, title, title_pt;
  std::vector<std::string> levels;  // empty: all
};

struct Framework {
  std::string name, title, title_pt, reference;
  std::string tag;  // checks tagged "tag:ID" answer the section ID too
  std::map<std::string, std::string, std::less<>> needs, needs_pt;
  std::vector<FrameworkVariant> variants;
  std::vector<FrameworkGroup> groups;

  // Fails: kInvalidInput with the place, for what is missing, misspelt or said twice.
  static base::Result<Framework> parse(const std::shared_ptr<const doc::Source>& source);
  [[nodiscard]] bool wants(const Rule& rule) const;
  // The framework under another name, with the levels of that variant; nullopt: it has no such name.
  [[nodiscard]] std::optional<Framework> named(std::string_view wanted) const;
};

// How often one check ended how, over all objects of a scan.
struct CheckTally {
  uint64_t passed = 0, failed = 0, not_evaluated = 0, errors = 0;
  void add(const CheckTally& other);
};

struct SectionResult {
  std::string id, title, level, group;  // group: its id
  FindingStatus status{};
  std::string reason;  // why it is what it is, for a person
  std::string needs;   // the key, empty when the section is answered
  std::vector<std::string> checks;
  CheckTally tally;       // object × check pairs
  uint64_t findings = 0;  // places that fail
  uint64_t waived = 0;    // of them
};

struct FrameworkReport {
  std::string name, title, reference;
  std::vector<std::pair<std::string, std::string>> groups;  // id and title, in order
  std::map<std::string, std::string, std::less<>> needs;
  std::vector<SectionResult> sections;

  [[nodiscard]] uint64_t count(FindingStatus status) const;
  // The share of answered sections that pass, 0–100; nullopt when none is answered.
  [[nodiscard]] std::optional<double> score() const;
  [[nodiscard]] double coverage() const;  // the share of sections that are answered, 0–100
};

// Threads: none. Fails: never; a section that nothing answers says so. Texts are in the language, English where the
// framework has none.
FrameworkReport judge_framework(const Framework& framework, const Report& report,
                                Language language = Language::kEnglish);

struct FrameworkFile {
  std::string_view name;  // "frameworks/cis-1.12.yaml"
  std::string_view text;
};
// The files of frameworks/, embedded in the binary when it is built (tools/embed_policies.py). In order of name.
std::span<const FrameworkFile> framework_files();

// The built-in framework of that name or variant name, with only the levels of the variant; nullopt: there is none.
std::optional<Framework> find_framework(std::string_view name);
// All names that find_framework() knows, sorted.
std::vector<std::string> framework_names();

}  // namespace ameia::report
