// The frameworks against the built-in checks: every section once, every check exists and says the same in its tags, and
// what a hardened and a flawed control plane are told.
#include "report/framework.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "doc/yaml.h"
#include "policy/builtin.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

using report::FindingStatus;

std::shared_ptr<const PolicySet> built_in() {
  static const std::shared_ptr<const PolicySet> kSet = [] {
    PolicySetBuilder builder;
    for (const BuiltinFile& file : builtin_files()) {
      auto source = std::make_shared<const doc::Source>(std::string(file.name), std::string(file.text));
      for (auto& document : doc::parse_yaml(source, std::make_shared<doc::Keys>()).documents)
        builder.add(document, Origin::kBuiltIn);
    }
    return builder.build().set;
  }();
  return kSet;
}

std::vector<report::Framework> frameworks() {
  std::vector<report::Framework> all;
  for (const report::FrameworkFile& file : report::framework_files()) {
    auto parsed =
        report::Framework::parse(std::make_shared<const doc::Source>(std::string(file.name), std::string(file.text)));
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
    if (parsed) all.push_back(std::move(*parsed));
  }
  return all;
}

// What a framework says about an example file.
std::map<std::string, report::SectionResult> judged(const std::string& example, std::string_view framework) {
  std::string path = std::string(AMEIA_SOURCE_DIR) + "/examples/" + example;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  auto stream =
      doc::parse_yaml(std::make_shared<const doc::Source>(example, text.str()), std::make_shared<doc::Keys>());
  EXPECT_FALSE(stream.documents.empty()) << path;
  Evaluator evaluator(built_in());
  ScanResult result;
  ScanFacts facts;
  for (const auto& document : stream.documents) facts.learn(document->root());
  for (const auto& document : stream.documents) evaluator.scan(*document, document->root(), facts, result);
  report::Report report;
  report.rules = built_in()->rules();
  report.findings = std::move(result.findings);
  for (size_t i = 0; i < report.rules.size(); ++i) report.by_check[report.rules[i].id] = evaluator.tallies()[i];
  std::map<std::string, report::SectionResult> out;
  for (report::SectionResult& section : judge_framework(*report::find_framework(framework), report).sections) {
    std::string id = section.id;
    out.emplace(std::move(id), std::move(section));
  }
  return out;
}

TEST(Frameworks, NamesAndChecksAgreeWithTheTagsOfTheChecks) {
  std::set<std::string, std::less<>> ids;
  for (const report::Rule& rule : built_in()->rules()) ids.insert(rule.id);
  for (const report::Framework& framework : frameworks()) {
    for (const report::FrameworkGroup& group : framework.groups) {
      for (const report::FrameworkSection& section : group.sections) {
        SCOPED_TRACE(framework.name + " " + section.id);
        std::set<std::string> named(section.checks.begin(), section.checks.end()), tagged;
        EXPECT_EQ(named.size(), section.checks.size()) << "a check is named twice";
        for (const std::string& check : named) EXPECT_TRUE(ids.contains(check)) << check << " does not exist";
        if (framework.tag.empty()) continue;
        std::string tag = framework.tag + ":" + section.id;
        for (const report::Rule& rule : built_in()->rules()) {
          if (std::find(rule.tags.begin(), rule.tags.end(), tag) != rule.tags.end()) tagged.insert(rule.id);
        }
        EXPECT_EQ(named, tagged);
      }
    }
  }
}

TEST(Frameworks, NoCheckNamesASectionThatIsNotThere) {
  std::vector<report::Framework> all = frameworks();
  for (const report::Rule& rule : built_in()->rules()) {
    for (const std::string& tag : rule.tags) {
      for (const report::Framework& framework : all) {
        if (framework.tag.empty() || !tag.starts_with(framework.tag + ":")) continue;
        std::string id = tag.substr(framework.tag.size() + 1);
        bool found = std::any_of(framework.groups.begin(), framework.groups.end(), [&](const auto& group) {
          return std::any_of(group.sections.begin(), group.sections.end(), [&](const auto& s) { return s.id == id; });
        });
        EXPECT_TRUE(found) << rule.id << " says " << tag;
      }
    }
  }
}

TEST(Frameworks, CisHasEverySectionOnceInOrder) {
  // How many sections each chapter of the benchmark has.
  const std::vector<std::pair<std::string, int>> kChapters = {
      {"1.1", 21}, {"1.2", 30}, {"1.3", 7},  {"1.4", 2},  {"2", 7},   {"3.1", 3}, {"3.2", 2}, {"4.1", 10},
      {"4.2", 14}, {"4.3", 1},  {"5.1", 13}, {"5.2", 12}, {"5.3", 2}, {"5.4", 2}, {"5.5", 1}, {"5.6", 4}};
  report::Framework cis = *report::find_framework("cis-1.12");
  std::vector<std::string> expected, found;
  for (const auto& [chapter, sections] : kChapters) {
    for (int i = 1; i <= sections; ++i) expected.push_back(chapter + "." + std::to_string(i));
  }
  size_t answered = 0;
  for (const report::FrameworkGroup& group : cis.groups) {
    for (const report::FrameworkSection& section : group.sections) {
      found.push_back(section.id);
      answered += section.checks.empty() ? 0 : 1;
    }
  }
  EXPECT_EQ(expected.size(), 131u);
  EXPECT_EQ(found, expected);
  EXPECT_GE(answered, 98u);
}

TEST(Frameworks, PodSecurityNamesTheChecksThatCarryItsTags) {
  report::Framework pss = *report::find_framework("pss");
  std::set<std::string> baseline, all, tagged_baseline, tagged;
  for (const report::FrameworkGroup& group : pss.groups) {
    for (const report::FrameworkSection& section : group.sections) {
      all.insert(section.checks.begin(), section.checks.end());
      if (section.level == "baseline") baseline.insert(section.checks.begin(), section.checks.end());
    }
  }
  for (const report::Rule& rule : built_in()->rules()) {
    for (const std::string& tag : rule.tags) {
      if (tag == "pss:baseline") tagged_baseline.insert(rule.id);
      if (tag.starts_with("pss:")) tagged.insert(rule.id);
    }
  }
  EXPECT_EQ(baseline, tagged_baseline);
  EXPECT_EQ(all, tagged);
}

bool is_control_plane(const std::string& id) {
  for (const char* chapter : {"1.2.", "1.3.", "1.4.", "2.", "4.2.", "4.3."}) {
    if (id.starts_with(chapter)) return true;
  }
  return id == "3.2.1" || id == "3.2.2" || id == "3.1.1" || id == "5.5.1";
}

TEST(Frameworks, AHardenedControlPlanePasses) {
  for (const auto& [id, section] : judged("control-plane/hardened.yaml", "cis-1.12")) {
    if (!is_control_plane(id)) continue;
    EXPECT_EQ(section.status, FindingStatus::kPass) << id << " " << section.title << ": " << section.reason;
    EXPECT_GT(section.tally.passed, 0u) << id;
  }
}

TEST(Frameworks, AFlawedControlPlaneFails) {
  for (const auto& [id, section] : judged("control-plane/flawed.yaml", "cis-1.12")) {
    // 2.7 fails because these two are set, to the same CA.
    if (!is_control_plane(id) || id == "1.2.25" || id == "1.2.26") continue;
    EXPECT_EQ(section.status, FindingStatus::kFail) << id << " " << section.title << ": " << section.reason;
  }
}

TEST(Frameworks, WithoutObjectsNothingPasses) {
  report::Report empty;
  empty.rules = built_in()->rules();
  for (const report::Framework& framework : frameworks()) {
    report::FrameworkReport said = judge_framework(framework, empty);
    EXPECT_EQ(said.count(FindingStatus::kNotEvaluated), said.sections.size()) << framework.name;
    EXPECT_FALSE(said.score().has_value());
    EXPECT_EQ(said.coverage(), 0);
    for (const report::SectionResult& section : said.sections) EXPECT_GT(section.reason.size(), 10u) << section.id;
  }
}

}  // namespace
}  // namespace ameia::policy
