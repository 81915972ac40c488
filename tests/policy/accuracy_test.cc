// The corpus of tests/accuracy: manifests labelled by hand with the checks that must find something in them, and with
// no other. docs/accuracy.md says how it was labelled.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "doc/yaml.h"
#include "policy/builtin.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

using Ids = std::set<std::string>;

// One case: a manifest, or several that belong together.
struct Case {
  std::string place;  // "workloads.yaml:17 privileged: true of one container of two"
  Ids expected;
  std::string text;
};

Ids ids_of(std::string_view list) {
  Ids ids;
  if (list == "nothing") return ids;
  std::istringstream words{std::string(list)};
  for (std::string word; std::getline(words, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    ids.insert(word);
  }
  return ids;
}

// A case begins with "# case: NAME" and "# expect: IDS"; documents without such a head belong to the case before them.
std::vector<Case> read_cases(const std::filesystem::path& path) {
  constexpr std::string_view kCase = "# case: ", kExpect = "# expect: ";
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::vector<Case> cases;
  size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with(kCase)) {
      cases.push_back(
          {path.filename().string() + ":" + std::to_string(number) + " " + line.substr(kCase.size()), {}, {}});
    } else if (line.starts_with(kExpect)) {
      cases.back().expected = ids_of(std::string_view(line).substr(kExpect.size()));
    } else {
      cases.back().text += line + "\n";
    }
  }
  return cases;
}

std::shared_ptr<const PolicySet> built_in() {
  PolicySetBuilder builder;
  for (const BuiltinFile& file : builtin_files()) {
    auto source = std::make_shared<const doc::Source>(std::string(file.name), std::string(file.text));
    for (auto& document : doc::parse_yaml(source, std::make_shared<doc::Keys>()).documents)
      builder.add(document, Origin::kBuiltIn);
  }
  return builder.build().set;
}

struct Found {
  Ids ids;
  std::vector<std::string> errors;
};

std::vector<std::string> lines_of(const ScanResult& result) {
  std::vector<std::string> lines;
  for (const report::Finding& finding : result.findings) {
    lines.push_back(finding.id + " " + std::to_string(static_cast<int>(finding.status)) + " " +
                    std::to_string(finding.location.line) + ":" + std::to_string(finding.location.column) + " " +
                    finding.message);
  }
  return lines;
}

Found judge(const std::shared_ptr<const PolicySet>& set, const Case& one) {
  auto stream =
      doc::parse_yaml(std::make_shared<const doc::Source>(one.place, one.text), std::make_shared<doc::Keys>());
  for (const base::Error& error : stream.errors) ADD_FAILURE() << error.text();
  ScanFacts facts(*set);
  for (const auto& document : stream.documents) facts.learn(document->root());
  facts.seal();
  Evaluator evaluator(set);
  ScanResult result;
  for (const auto& document : stream.documents) evaluator.scan(*document, document->root(), facts, result);
  // What is kept from object to object changes nothing, neither when it is made nor when it is found.
  Evaluator promised(set);
  promised.assume_one_estate();
  for (int round = 0; round < 2; ++round) {
    ScanResult again;
    for (const auto& document : stream.documents) promised.scan(*document, document->root(), facts, again);
    EXPECT_EQ(lines_of(again), lines_of(result)) << one.place;
  }
  Found found;
  for (const report::Finding& finding : result.findings) {
    if (finding.status == report::FindingStatus::kFail) found.ids.insert(finding.id);
    if (finding.status == report::FindingStatus::kError) found.errors.push_back(finding.id + ": " + finding.message);
  }
  return found;
}

std::string words(const Ids& ids) {
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " ") + id;
  return text;
}

TEST(Accuracy, EachManifestHasExactlyItsFindings) {
  std::shared_ptr<const PolicySet> set = built_in();
  Ids known;
  for (const report::Rule& rule : set->rules()) known.insert(rule.id);
  size_t cases = 0, labels = 0, false_positives = 0, false_negatives = 0;
  Ids met;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(AMEIA_SOURCE_DIR) + "/tests/accuracy")) {
    for (const Case& one : read_cases(entry.path())) {
      ++cases;
      labels += one.expected.size();
      met.insert(one.expected.begin(), one.expected.end());
      for (const std::string& id : one.expected) EXPECT_TRUE(known.contains(id)) << one.place << ": no check " << id;
      Found found = judge(set, one);
      Ids extra, missing;
      std::ranges::set_difference(found.ids, one.expected, std::inserter(extra, extra.end()));
      std::ranges::set_difference(one.expected, found.ids, std::inserter(missing, missing.end()));
      false_positives += extra.size();
      false_negatives += missing.size();
      EXPECT_TRUE(extra.empty()) << one.place << ": false positives " << words(extra);
      EXPECT_TRUE(missing.empty()) << one.place << ": false negatives " << words(missing);
      for (const std::string& error : found.errors) ADD_FAILURE() << one.place << ": " << error;
    }
  }
  EXPECT_GE(cases, 200u);
  std::printf("%zu cases, %zu labels over %zu checks, %zu false positives, %zu false negatives\n", cases, labels,
              met.size(), false_positives, false_negatives);
}

}  // namespace
}  // namespace ameia::policy
