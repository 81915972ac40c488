// Frameworks: how a file is read, how tallies become a section's status, and how printers show it.
#include "report/framework.h"

#include <gtest/gtest.h>

#include "doc/json.h"
#include "report/finding.h"
#include "report/limits.h"
#include "report/sample.h"
#include "report/text.h"

namespace ameia::report {
namespace {

constexpr std::string_view kSmall = R"(framework: acme-1
title: The rules of Acme
tag: acme
needs:
  pods: pods of the cluster
variants:
  - {name: acme-1-basic, levels: ["1"]}
groups:
  - id: "1"
    title: First
    sections:
      - {id: "1.1", title: one, level: "1", needs: pods, checks: [AM-POD-001]}
      - {id: "1.10", title: ten, level: "2", needs: pods, checks: [AM-POD-001, AM-IMG-001]}
      - {id: "1.2", title: two, level: "1", needs: pods}
      - {id: "1.3", title: three, level: "1", manual: true}
)";

base::Result<Framework> parse(std::string_view text) {
  return Framework::parse(std::make_shared<const doc::Source>("acme.yaml", std::string(text)));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Framework, WhatIsWrongIsSaidWithItsPlace) {
  ASSERT_TRUE(parse(kSmall).has_value()) << parse(kSmall).error().text();
  const std::pair<std::string, std::string> kWrong[] = {
      {replaced(std::string(kSmall), "title: The rules", "titel: The rules"), "unknown key \"titel\""},
      {replaced(std::string(kSmall), "id: \"1.2\"", "id: 1.2"), "id must be a text"},
      {replaced(std::string(kSmall), "id: \"1.2\"", "id: \"1.1\""), "1.1 is there twice"},
      {replaced(std::string(kSmall), "title: two, level: \"1\", needs: pods", "title: two"), "what it needs"},
      {replaced(std::string(kSmall), "needs: pods", "needs: nodes"), "no entry \"nodes\""},
      {replaced(std::string(kSmall), "checks: [AM-POD-001]", "checks: AM-POD-001"), "checks must be a list"},
      {"[1]", "a map is expected"},
      {"framework: x\ntitle: some\n", "groups must be a list"},
  };
  for (const auto& [text, what] : kWrong) {
    auto framework = parse(text);
    ASSERT_FALSE(framework.has_value()) << text;
    EXPECT_NE(framework.error().what.find(what), std::string::npos) << framework.error().what;
    EXPECT_TRUE(framework.error().where.starts_with("acme.yaml")) << framework.error().where;
  }
}

TEST(Framework, HasALimit) {
  std::string text = "framework: x\ntitle: some\nneeds: {a: b}\ngroups:\n  - id: g\n    title: t\n    sections:\n";
  for (size_t i = 0; i <= kFrameworkSectionsMax; ++i)
    text += "      - {id: \"" + std::to_string(i) + "\", title: t, needs: a}\n";
  auto framework = parse(text);
  ASSERT_FALSE(framework.has_value());
  EXPECT_NE(framework.error().what.find("more than 5000 sections"), std::string::npos) << framework.error().what;
}

FindingStatus status_of(const Report& report, size_t section) {
  return judge_framework(*parse(kSmall), report).sections[section].status;
}

TEST(Framework, ASectionPassesOnlyWithEvidence) {
  Report report;
  EXPECT_EQ(status_of(report, 0), FindingStatus::kNotEvaluated);
  EXPECT_EQ(status_of(report, 3), FindingStatus::kManual);
  report.by_check["AM-POD-001"] = {.passed = 2};
  EXPECT_EQ(status_of(report, 0), FindingStatus::kPass);
  EXPECT_EQ(status_of(report, 1), FindingStatus::kPass);
  EXPECT_EQ(status_of(report, 2), FindingStatus::kNotEvaluated);
  report.by_check["AM-IMG-001"] = {.passed = 5, .not_evaluated = 1};
  EXPECT_EQ(status_of(report, 1), FindingStatus::kNotEvaluated);
  report.by_check["AM-IMG-001"] = {.passed = 5, .errors = 1};
  EXPECT_EQ(status_of(report, 1), FindingStatus::kError);
  report.by_check["AM-IMG-001"] = {.passed = 5, .failed = 1, .errors = 1};
  EXPECT_EQ(status_of(report, 1), FindingStatus::kFail);
}

TEST(Framework, ACheckOfTheUserJoinsByItsTag) {
  Report report;
  report.rules.push_back({.id = "mine", .title = "t", .tags = {"acme:1.2"}});
  report.by_check["mine"] = {.passed = 1};
  FrameworkReport said = judge_framework(*parse(kSmall), report);
  EXPECT_EQ(said.sections[2].status, FindingStatus::kPass);
  EXPECT_EQ(said.sections[2].checks, std::vector<std::string>{"mine"});
  EXPECT_TRUE(parse(kSmall)->wants(report.rules[0]));
}

TEST(Framework, AWaiverDoesNotMakeASectionPass) {
  Report report = test::sample_report();
  for (Finding& finding : report.findings) finding.suppressed_by = "waiver";
  report.by_check["AM-POD-001"] = {.passed = 1, .failed = 1};
  SectionResult section = judge_framework(*parse(kSmall), report).sections[0];
  EXPECT_EQ(section.status, FindingStatus::kFail);
  EXPECT_EQ(section.waived, 1u);
  EXPECT_NE(section.reason.find("1 waived"), std::string::npos) << section.reason;
}

TEST(Framework, ScoreStandsBesideCoverage) {
  Report report;
  report.by_check["AM-POD-001"] = {.passed = 2};
  report.by_check["AM-IMG-001"] = {.failed = 1};
  FrameworkReport said = judge_framework(*parse(kSmall), report);
  EXPECT_EQ(said.score(), 50);     // 1.1 passes, 1.10 fails
  EXPECT_EQ(said.coverage(), 50);  // two of four are answered
}

TEST(Framework, AVariantHasItsLevelsOnly) {
  Framework framework = *parse(kSmall);
  auto basic = framework.named("acme-1-basic");
  ASSERT_TRUE(basic.has_value());
  EXPECT_EQ(basic->groups[0].sections.size(), 3u);
  EXPECT_EQ(framework.named("acme-1")->groups[0].sections.size(), 4u);
  EXPECT_FALSE(framework.named("acme-2").has_value());
}

TEST(Framework, EveryNameIsFound) {
  EXPECT_GE(framework_names().size(), 8u);
  for (const std::string& name : framework_names()) {
    auto framework = find_framework(name);
    ASSERT_TRUE(framework.has_value()) << name;
    EXPECT_EQ(framework->name, name);
    EXPECT_FALSE(framework->groups.empty()) << name;
  }
  EXPECT_FALSE(find_framework("cis").has_value());
}

// Every heading of ours is said in Portuguese; one that is not falls back to English.
TEST(Framework, SpeaksPortuguese) {
  for (const std::string& name : framework_names()) {
    const Framework framework = find_framework(name).value();
    EXPECT_FALSE(framework.title_pt.empty()) << name;
    for (const auto& [key, text] : framework.needs) EXPECT_TRUE(framework.needs_pt.contains(key)) << name << " " << key;
    for (const FrameworkGroup& group : framework.groups) {
      EXPECT_FALSE(group.title_pt.empty()) << name << " " << group.id;
      for (const FrameworkSection& section : group.sections)
        EXPECT_FALSE(section.title_pt.empty()) << name << " " << section.id;
    }
  }
  Report report = test::sample_report();
  report.by_check["AM-POD-001"] = {.passed = 2, .failed = 1};
  const std::string text = replaced(std::string(kSmall), "title: one", "title: one, title.pt: um");
  const FrameworkReport judged = judge_framework(parse(text).value(), report, Language::kPortuguese);
  EXPECT_EQ(judged.title, "The rules of Acme");
  EXPECT_EQ(judged.sections[0].title, "um");
  EXPECT_EQ(judged.sections[0].reason, "1 de 3 respostas falham");
  EXPECT_EQ(judged.sections[2].reason, "precisa de: pods of the cluster");
  EXPECT_EQ(judged.sections[3].reason, "só uma pessoa pode dizer");
  report.frameworks.push_back(judge_framework(parse(text).value(), report));
  report.frameworks_portuguese.push_back(judged);
  report.language = Language::kPortuguese;
  std::string table = test::printed([&](const Sink& sink) { print_table(report, {.width = 80}, sink); });
  EXPECT_NE(table.find("falha          1.1   um"), std::string::npos) << table;
  EXPECT_NE(table.find("Do que o resto precisa"), std::string::npos) << table;
  std::string page = test::printed([&](const Sink& sink) { print_html(report, sink); });
  EXPECT_NE(page.find("<td class=\"st\">não avaliada</td>"), std::string::npos);
  report.language = Language::kEnglish;
  table = test::printed([&](const Sink& sink) { print_table(report, {.width = 80}, sink); });
  EXPECT_NE(table.find("1.1   one"), std::string::npos) << table;
}

TEST(Framework, PrintersKeepItsOrder) {
  Report report = test::sample_report();
  report.by_check["AM-POD-001"] = {.passed = 2, .failed = 1};
  report.frameworks.push_back(judge_framework(*parse(kSmall), report));
  std::string table = test::printed([&](const Sink& sink) { print_table(report, {.width = 80}, sink); });
  EXPECT_NE(table.find("The rules of Acme"), std::string::npos);
  EXPECT_LT(table.find("1.1   one"), table.find("1.10  ten")) << table;
  EXPECT_LT(table.find("1.10  ten"), table.find("1.2   two"));
  EXPECT_NE(table.find("pods of the cluster"), std::string::npos);
  std::string page = test::printed([&](const Sink& sink) { print_html(report, sink); });
  EXPECT_LT(page.find("<td>1.1</td>"), page.find("<td>1.10</td>"));
  EXPECT_NE(page.find("<td class=\"st\">not evaluated</td>"), std::string::npos);
  std::string json = test::printed([&](const Sink& sink) { print_json(report, sink); });
  auto document = doc::parse_json(std::make_shared<doc::Source>("r", json), std::make_shared<doc::Keys>());
  ASSERT_TRUE(document.has_value()) << document.error().text();
  const doc::Node& framework = (*document)->root()["frameworks"].list()[0];
  EXPECT_EQ(framework["by_status"]["fail"].integer_or(-1), 2);
  EXPECT_EQ(framework["sections"].list()[1]["id"].str(), "1.10");
  EXPECT_EQ(framework["sections"].list()[0]["status"].str(), "fail");
}

}  // namespace
}  // namespace ameia::report
